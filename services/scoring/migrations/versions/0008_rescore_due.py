"""Remembers which scores a new policy or new priors still have to change, so that a fault in between loses nothing."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE rescore_due (
        first_semester SMALLINT NOT NULL,
        requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (first_semester)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
