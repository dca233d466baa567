"""Holds back only an event that cannot be published and those behind it; an operator may drop it, and a copy is kept."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE outbox
        ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0,
        ADD COLUMN held_since TIMESTAMP WITH TIME ZONE,
        ADD COLUMN next_attempt_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN holds VARCHAR,
        ADD COLUMN error VARCHAR
    """,
    """
    CREATE INDEX outbox_held ON outbox (topic, key, id) WHERE next_attempt_at IS NOT NULL
    """,
    """
    CREATE TABLE outbox_dropped (
        event_id UUID NOT NULL,
        topic VARCHAR NOT NULL,
        key BYTEA NOT NULL,
        headers BYTEA NOT NULL,
        value BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        attempts INTEGER NOT NULL,
        error VARCHAR,
        dropped_at TIMESTAMP WITH TIME ZONE NOT NULL,
        dropped_by VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        PRIMARY KEY (event_id)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
