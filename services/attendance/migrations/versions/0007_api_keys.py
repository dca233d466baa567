"""API keys with several scopes, limits to units and machines, an end, and their last use."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # What was made before names no machines and no end: it ends in a year, and writes for no machine until it is replaced.
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
    raise RuntimeError("what was accepted is never dropped: restore a backup instead")
