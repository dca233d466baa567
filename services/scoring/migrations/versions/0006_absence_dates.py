"""The running year's absences are published again, with their dates and all steps that they reach.

Of years that are over nobody is to hear anew.
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
