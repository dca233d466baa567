"""Every year with absences is published again, with its dates and all steps that it reaches."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    UPDATE discipline_year SET changed = true
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("what was accepted is never dropped: restore a backup instead")
