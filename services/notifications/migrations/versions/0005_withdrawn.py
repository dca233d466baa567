"""Columns for notices that follow their records: withdrawal, time of the mail, and the officer's unit."""

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
    # Units arrive with the next employee records: `kinerja republish` after the upgrade sends all of them again.
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
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
