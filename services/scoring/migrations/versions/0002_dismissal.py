"""Who dismissed a parked record, and why; and room for a record where another stood before its topic was made anew."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Columns that may be null, and one with a constant: no row is written.
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
    raise RuntimeError("what was accepted is never dropped: restore a backup instead")
