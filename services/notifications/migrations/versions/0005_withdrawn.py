"""Notices that follow their records: withdrawn ones, what was mailed, and officers' units."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE notice
        ADD COLUMN released_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN mailed_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN withdrawn_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN withdrawal VARCHAR,
        ADD COLUMN gone_revision INTEGER,
        DROP CONSTRAINT notice_once
    """,
    """
    CREATE UNIQUE INDEX notice_once ON notice (employee_id, kind, indicator, period) WHERE state <> 'withdrawn'
    """,
    """
    UPDATE notice SET released_at = coalesce(delivered_at, created_at),
        mailed_at = CASE WHEN reasons !~ 'NO_EMAIL|EMAIL_REFUSED|EMAIL_NOT_ACCEPTED' THEN delivered_at END
    WHERE state IN ('released', 'delivered', 'acknowledged')
    """,
    """
    ALTER TABLE delivery ADD COLUMN sending BOOLEAN DEFAULT false NOT NULL
    """,
    # Units come with the officers' next records: `kinerja republish` after the upgrade sends them all again.
    """
    ALTER TABLE employee ADD COLUMN org_unit_id VARCHAR
    """,
    """
    UPDATE employee SET revision = 0
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("what was accepted is never dropped: restore a backup instead")
