"""Adds corrections of the server's clock, and indexes on uncounted punches and on receive times."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE clock_correction (
        correction_id UUID NOT NULL,
        received_from TIMESTAMP WITH TIME ZONE NOT NULL,
        received_to TIMESTAMP WITH TIME ZONE NOT NULL,
        seconds_behind BIGINT NOT NULL,
        reason VARCHAR NOT NULL,
        recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (correction_id)
    )
    """,
    # Scans all punches once, a second or two for some millions; afterwards one is tiny, and one has a row per 128 pages.
    "CREATE INDEX punch_not_counted ON punch (id) WHERE NOT counted",
    "CREATE INDEX punch_received ON punch USING brin (received_at) WITH (autosummarize = on)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
