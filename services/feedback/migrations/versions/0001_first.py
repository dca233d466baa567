"""Visits, ratings and assessments."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE api_key (
        id UUID NOT NULL,
        name VARCHAR(100) NOT NULL,
        scope VARCHAR(50) NOT NULL,
        employee_id UUID,
        secret_sha256 BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        revoked_at TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE employee (
        employee_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        org_unit_id VARCHAR NOT NULL,
        org_unit_name VARCHAR NOT NULL,
        superior_id UUID,
        active_from DATE NOT NULL,
        active_to DATE,
        PRIMARY KEY (employee_id)
    )
    """,
    """
    CREATE TABLE feedback (
        feedback_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        kind VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        employee_id UUID,
        org_unit_id VARCHAR NOT NULL,
        given_at TIMESTAMP WITH TIME ZONE NOT NULL,
        assessor_id UUID,
        reason VARCHAR,
        record VARCHAR NOT NULL,
        PRIMARY KEY (feedback_id)
    )
    """,
    """
    CREATE INDEX feedback_of_officer ON feedback (employee_id, given_at)
    """,
    """
    CREATE TABLE outbox (
        id BIGSERIAL NOT NULL,
        lane SMALLINT NOT NULL,
        topic VARCHAR NOT NULL,
        key BYTEA NOT NULL,
        event_id UUID NOT NULL,
        headers BYTEA NOT NULL,
        value BYTEA NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX outbox_lane ON outbox (lane, id)
    """,
    """
    CREATE TABLE parked_record (
        topic VARCHAR NOT NULL,
        partition INTEGER NOT NULL,
        position BIGINT NOT NULL,
        key BYTEA,
        value BYTEA,
        headers BYTEA NOT NULL,
        reason VARCHAR NOT NULL,
        detail VARCHAR NOT NULL,
        parked_at TIMESTAMP WITH TIME ZONE NOT NULL,
        released_at TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (topic, partition, position)
    )
    """,
    """
    CREATE TABLE visit (
        visit_id UUID NOT NULL,
        token_sha256 BYTEA NOT NULL,
        employee_id UUID,
        org_unit_id VARCHAR NOT NULL,
        service VARCHAR NOT NULL,
        weight_class VARCHAR NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        used_on DATE,
        idempotency_sha256 BYTEA,
        request_sha256 BYTEA,
        PRIMARY KEY (visit_id),
        UNIQUE (token_sha256),
        UNIQUE (idempotency_sha256)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    # Queue and outbox rows live for milliseconds: without frequent vacuuming their dead tuples slow down every read.
    for table in ("outbox",):
        op.execute(
            f"alter table {table} set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)"
        )


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
