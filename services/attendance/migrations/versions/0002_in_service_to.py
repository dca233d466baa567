"""Until when a machine was in use at its unit: the days that it closed rest on it after it was replaced."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A column that may be null: no row is written.
_STATEMENTS = ("ALTER TABLE machine ADD COLUMN in_service_to TIMESTAMP WITH TIME ZONE",)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("what was accepted is never dropped: restore a backup instead")
