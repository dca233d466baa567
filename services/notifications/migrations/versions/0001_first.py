"""Notices, their evidence and delivery."""

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
    CREATE TABLE delivery (
        notice_id UUID NOT NULL,
        next_attempt_at TIMESTAMP WITH TIME ZONE NOT NULL,
        attempts INTEGER NOT NULL,
        last_error VARCHAR,
        PRIMARY KEY (notice_id)
    )
    """,
    """
    CREATE TABLE discipline (
        employee_id UUID NOT NULL,
        year SMALLINT NOT NULL,
        revision INTEGER NOT NULL,
        record VARCHAR NOT NULL,
        PRIMARY KEY (employee_id, year)
    )
    """,
    """
    CREATE TABLE employee (
        employee_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        org_unit_name VARCHAR NOT NULL,
        superior_id UUID,
        email VARCHAR,
        PRIMARY KEY (employee_id)
    )
    """,
    """
    CREATE TABLE evaluation (
        id BIGSERIAL NOT NULL,
        employee_id UUID NOT NULL,
        semester VARCHAR NOT NULL,
        subject VARCHAR NOT NULL,
        value VARCHAR,
        evaluated_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX ix_evaluation_employee_id ON evaluation (employee_id)
    """,
    """
    CREATE TABLE notice (
        notice_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        kind VARCHAR NOT NULL,
        employee_id UUID NOT NULL,
        recipient_id UUID NOT NULL,
        semester VARCHAR,
        indicator VARCHAR NOT NULL,
        period VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        reasons VARCHAR NOT NULL,
        evidence VARCHAR NOT NULL,
        subject VARCHAR NOT NULL,
        body VARCHAR NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        decided_by VARCHAR,
        delivered_at TIMESTAMP WITH TIME ZONE,
        acknowledged_at TIMESTAMP WITH TIME ZONE,
        object_until TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (notice_id),
        CONSTRAINT notice_once UNIQUE (employee_id, kind, indicator, period)
    )
    """,
    """
    CREATE INDEX ix_notice_recipient_id ON notice (recipient_id)
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
    CREATE TABLE score (
        employee_id UUID NOT NULL,
        semester VARCHAR NOT NULL,
        revision INTEGER NOT NULL,
        record VARCHAR NOT NULL,
        evaluated_at TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (employee_id, semester)
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
