"""Adds several scopes, limits to units and machines, an expiry and the last use to API keys."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Older keys have no machines and no expiry: they expire in a year and may not write for machines until replaced.
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
