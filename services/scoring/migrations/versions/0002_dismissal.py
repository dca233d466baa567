"""Dismissal of parked records; a generation number, because positions repeat after a topic is created again."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Nullable columns and a constant default: Postgres does not rewrite the table.
_STATEMENTS = (
    """
    ALTER TABLE parked_record
        ADD COLUMN dismissed_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN dismissed_by VARCHAR,
        ADD COLUMN dismissed_reason VARCHAR,
        ADD COLUMN generation INTEGER DEFAULT 0 NOT NULL,
        DROP CONSTRAINT parked_record_pkey,
        ADD PRIMARY KEY (topic, partition, position, generation)
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
