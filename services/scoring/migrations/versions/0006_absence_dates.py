"""Publishes the current year's absences again, with their dates and all steps that they reach.

Past years are not published again, so that nobody gets new notices about them.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    UPDATE discipline_year SET changed = true WHERE year >= extract(year FROM now())
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
