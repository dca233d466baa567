"""API keys with several scopes, limits to units and machines, an expiry, and the time of the last use."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE api_key (
        id UUID NOT NULL,
        name VARCHAR(100) NOT NULL,
        scopes VARCHAR[] NOT NULL,
        employee_id UUID,
        org_unit_ids VARCHAR[],
        machines VARCHAR[],
        secret_sha256 BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        last_used_at TIMESTAMP WITH TIME ZONE,
        revoked_at TIMESTAMP WITH TIME ZONE,
        replaced_by UUID,
        PRIMARY KEY (id)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
