"""Who dismissed a parked record, and why."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Columns that may be null and have no default: no row is written, and code that does not know them goes on.
_STATEMENTS = (
    """
    ALTER TABLE parked_record
        ADD COLUMN dismissed_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN dismissed_by VARCHAR,
        ADD COLUMN dismissed_reason VARCHAR
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("what was accepted is never dropped: restore a backup instead")
