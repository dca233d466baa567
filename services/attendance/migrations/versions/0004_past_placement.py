"""Adds since when a machine is in its unit, and its earlier units: days depend on the machines of their time."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Nullable: no row is rewritten.
    "ALTER TABLE machine ADD COLUMN in_unit_from TIMESTAMP WITH TIME ZONE",
    """
    CREATE TABLE past_placement (
        serial VARCHAR NOT NULL,
        in_unit_to TIMESTAMP WITH TIME ZONE NOT NULL,
        in_unit_from TIMESTAMP WITH TIME ZONE,
        org_unit_id VARCHAR,
        direction_from VARCHAR NOT NULL,
        PRIMARY KEY (serial, in_unit_to),
        FOREIGN KEY(serial) REFERENCES machine (serial),
        FOREIGN KEY(org_unit_id) REFERENCES org_unit (org_unit_id)
    )
    """,
    "CREATE INDEX ix_past_placement_org_unit_id ON past_placement (org_unit_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
