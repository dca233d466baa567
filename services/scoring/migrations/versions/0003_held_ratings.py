"""Ratings that wait for the rest of their group."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE held_rating (
        feedback_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        group_id UUID NOT NULL,
        held_at TIMESTAMP WITH TIME ZONE NOT NULL,
        record BYTEA NOT NULL,
        PRIMARY KEY (feedback_id, revision)
    )
    """,
    "CREATE INDEX held_rating_of_group ON held_rating (group_id, revision)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
