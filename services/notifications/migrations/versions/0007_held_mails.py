"""Counts refusals by the recipient apart from attempts that fail because of the sender's side."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE delivery
            ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0,
            ADD COLUMN held_since TIMESTAMP WITH TIME ZONE
        """
    )


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
