"""Adds the end of a machine's service in its unit and the start of days' windows: which days waited for it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Nullable columns: no row is rewritten.
_STATEMENTS = (
    "ALTER TABLE machine ADD COLUMN in_service_to TIMESTAMP WITH TIME ZONE",
    "ALTER TABLE attendance_day ADD COLUMN opens_at TIMESTAMP WITH TIME ZONE",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
