"""Until when a machine was in use at its unit, and when the windows of days begin: which days waited for it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Columns that may be null: no row is written.
_STATEMENTS = (
    "ALTER TABLE machine ADD COLUMN in_service_to TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE attendance_day ADD COLUMN opens_at TIMESTAMP WITH TIME ZONE",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("what was accepted is never dropped: restore a backup instead")
