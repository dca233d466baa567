"""API keys with several scopes, limits to units and machines, an expiry, and the time of the last use."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Existing keys name no machines and no expiry: they expire in a year, and write for no machine until they are replaced.
    """
    ALTER TABLE api_key
        ADD COLUMN scopes VARCHAR[],
        ADD COLUMN org_unit_ids VARCHAR[],
        ADD COLUMN machines VARCHAR[],
        ADD COLUMN expires_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN last_used_at TIMESTAMP WITH TIME ZONE,
        ADD COLUMN replaced_by UUID
    """,
    """
    UPDATE api_key SET scopes = ARRAY[scope], expires_at = now() + interval '365 days'
    """,
    """
    ALTER TABLE api_key
        ALTER COLUMN scopes SET NOT NULL,
        ALTER COLUMN expires_at SET NOT NULL,
        DROP COLUMN scope
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
