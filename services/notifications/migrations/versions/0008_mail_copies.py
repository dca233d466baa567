"""Counts the attempts that may have delivered a mail although the server's answer is missing."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE delivery ADD COLUMN copies INTEGER NOT NULL DEFAULT 0")


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
