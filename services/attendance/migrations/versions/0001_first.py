"""People, machines, punches, schedules, calendar, excuses and days."""

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
    CREATE TABLE calendar_day (
        day DATE NOT NULL,
        name VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        confirmed BOOLEAN NOT NULL,
        decree VARCHAR,
        PRIMARY KEY (day)
    )
    """,
    """
    CREATE TABLE day_queue (
        id BIGSERIAL NOT NULL,
        bulk BOOLEAN NOT NULL,
        employee_id UUID NOT NULL,
        work_date DATE NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX day_queue_next ON day_queue (bulk, id)
    """,
    """
    CREATE TABLE oper_event (
        id BIGSERIAL NOT NULL,
        serial VARCHAR NOT NULL,
        tag VARCHAR NOT NULL,
        code INTEGER,
        who VARCHAR,
        local_time TIMESTAMP WITHOUT TIME ZONE,
        audit BOOLEAN NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX oper_event_of_serial ON oper_event (serial, id)
    """,
    """
    CREATE INDEX oper_event_copy ON oper_event (serial, local_time)
    """,
    """
    CREATE TABLE org_unit (
        org_unit_id VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        PRIMARY KEY (org_unit_id)
    )
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
    CREATE TABLE punch (
        id BIGSERIAL NOT NULL,
        serial VARCHAR NOT NULL,
        pin VARCHAR NOT NULL,
        local_time TIMESTAMP WITHOUT TIME ZONE NOT NULL,
        status SMALLINT NOT NULL,
        verify SMALLINT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        employee_id UUID,
        work_code VARCHAR,
        extra VARCHAR,
        flags VARCHAR[] NOT NULL,
        counted BOOLEAN NOT NULL,
        source VARCHAR NOT NULL,
        upload_id BIGINT NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (id),
        CONSTRAINT punch_once UNIQUE (serial, pin, local_time, status, verify)
    )
    """,
    """
    CREATE INDEX punch_of_employee ON punch (employee_id, at)
    """,
    """
    CREATE INDEX punch_of_machine ON punch (serial, at)
    """,
    """
    CREATE INDEX punch_of_nobody ON punch (serial, pin) WHERE employee_id is null
    """,
    """
    CREATE TABLE quarantine (
        id BIGSERIAL NOT NULL,
        serial VARCHAR NOT NULL,
        line VARCHAR NOT NULL,
        raw BYTEA NOT NULL,
        line_sha256 BYTEA NOT NULL,
        kind VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        upload_id BIGINT NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        resolved_at TIMESTAMP WITH TIME ZONE,
        PRIMARY KEY (id),
        CONSTRAINT quarantine_once UNIQUE (serial, line_sha256, reason)
    )
    """,
    """
    CREATE INDEX quarantine_of_serial ON quarantine (serial, id)
    """,
    """
    CREATE TABLE rule_set (
        id VARCHAR NOT NULL,
        version INTEGER NOT NULL,
        effective_from DATE NOT NULL,
        decree VARCHAR NOT NULL,
        content VARCHAR NOT NULL,
        PRIMARY KEY (id, version)
    )
    """,
    """
    CREATE TABLE schedule_override (
        override_id UUID NOT NULL,
        name VARCHAR NOT NULL,
        code VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        decree VARCHAR NOT NULL,
        first_date DATE NOT NULL,
        last_date DATE NOT NULL,
        days VARCHAR NOT NULL,
        first_minute INTEGER NOT NULL,
        last_minute INTEGER NOT NULL,
        PRIMARY KEY (override_id)
    )
    """,
    """
    CREATE TABLE unknown_machine (
        serial VARCHAR NOT NULL,
        first_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
        requests BIGINT NOT NULL,
        address VARCHAR,
        dialect VARCHAR,
        kept_lines BIGINT NOT NULL,
        PRIMARY KEY (serial)
    )
    """,
    """
    CREATE TABLE upload (
        id BIGSERIAL NOT NULL,
        serial VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        stamp VARCHAR,
        body BYTEA NOT NULL,
        lines INTEGER NOT NULL,
        received_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    """
    CREATE TABLE employee (
        employee_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        nip VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        employment_type VARCHAR NOT NULL,
        org_unit_id VARCHAR NOT NULL,
        superior_id UUID,
        email VARCHAR,
        active_from DATE NOT NULL,
        active_to DATE,
        unit_from DATE NOT NULL,
        queued_from DATE,
        queued_until DATE,
        recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (employee_id),
        UNIQUE (nip),
        FOREIGN KEY(org_unit_id) REFERENCES org_unit (org_unit_id)
    )
    """,
    """
    CREATE INDEX ix_employee_org_unit_id ON employee (org_unit_id)
    """,
    """
    CREATE TABLE machine (
        serial VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        timezone VARCHAR NOT NULL,
        direction_from VARCHAR NOT NULL,
        org_unit_id VARCHAR,
        registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
        last_contact_at TIMESTAMP WITH TIME ZONE,
        last_poll_at TIMESTAMP WITH TIME ZONE,
        last_upload_at TIMESTAMP WITH TIME ZONE,
        complete_until TIMESTAMP WITH TIME ZONE,
        clock_wrong_since TIMESTAMP WITH TIME ZONE,
        address VARCHAR,
        push_version VARCHAR,
        info VARCHAR,
        dialect VARCHAR,
        PRIMARY KEY (serial),
        FOREIGN KEY(org_unit_id) REFERENCES org_unit (org_unit_id)
    )
    """,
    """
    CREATE INDEX ix_machine_org_unit_id ON machine (org_unit_id)
    """,
    """
    CREATE TABLE attendance_day (
        employee_id UUID NOT NULL,
        work_date DATE NOT NULL,
        revision INTEGER NOT NULL,
        state VARCHAR NOT NULL,
        status VARCHAR NOT NULL,
        org_unit_id VARCHAR NOT NULL,
        closes_at TIMESTAMP WITH TIME ZONE,
        record VARCHAR NOT NULL,
        recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (employee_id, work_date),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id)
    )
    """,
    """
    CREATE INDEX attendance_day_open ON attendance_day (work_date) WHERE state = 'provisional'
    """,
    """
    CREATE TABLE device_command (
        id BIGSERIAL NOT NULL,
        serial VARCHAR NOT NULL,
        command VARCHAR NOT NULL,
        reason VARCHAR NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        sent_at TIMESTAMP WITH TIME ZONE,
        result_at TIMESTAMP WITH TIME ZONE,
        return_code INTEGER,
        PRIMARY KEY (id),
        FOREIGN KEY(serial) REFERENCES machine (serial)
    )
    """,
    """
    CREATE INDEX device_command_open ON device_command (serial, id) WHERE result_at is null
    """,
    """
    CREATE TABLE enrolment (
        serial VARCHAR NOT NULL,
        pin VARCHAR NOT NULL,
        valid_from DATE NOT NULL,
        employee_id UUID NOT NULL,
        PRIMARY KEY (serial, pin, valid_from),
        FOREIGN KEY(serial) REFERENCES machine (serial),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id)
    )
    """,
    """
    CREATE INDEX ix_enrolment_employee_id ON enrolment (employee_id)
    """,
    """
    CREATE TABLE excuse (
        excuse_id UUID NOT NULL,
        employee_id UUID NOT NULL,
        code VARCHAR NOT NULL,
        kind VARCHAR NOT NULL,
        first_date DATE NOT NULL,
        last_date DATE NOT NULL,
        half VARCHAR NOT NULL,
        state VARCHAR NOT NULL,
        reference VARCHAR,
        decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (excuse_id),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id)
    )
    """,
    """
    CREATE INDEX excuse_of_employee ON excuse (employee_id, first_date)
    """,
    """
    CREATE TABLE outage (
        outage_id UUID NOT NULL,
        serial VARCHAR,
        org_unit_id VARCHAR,
        starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
        ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
        reason VARCHAR NOT NULL,
        PRIMARY KEY (outage_id),
        FOREIGN KEY(serial) REFERENCES machine (serial),
        FOREIGN KEY(org_unit_id) REFERENCES org_unit (org_unit_id)
    )
    """,
    """
    CREATE TABLE roster_shift (
        employee_id UUID NOT NULL,
        work_date DATE NOT NULL,
        kind VARCHAR NOT NULL,
        starts_at TIMESTAMP WITHOUT TIME ZONE,
        ends_at TIMESTAMP WITHOUT TIME ZONE,
        break_minutes INTEGER NOT NULL,
        PRIMARY KEY (employee_id, work_date),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id)
    )
    """,
    """
    CREATE TABLE week_schedule (
        schedule_id UUID NOT NULL,
        name VARCHAR NOT NULL,
        employee_id UUID,
        org_unit_id VARCHAR,
        effective_from DATE NOT NULL,
        effective_to DATE,
        kind VARCHAR NOT NULL,
        days VARCHAR NOT NULL,
        first_minute INTEGER NOT NULL,
        last_minute INTEGER NOT NULL,
        PRIMARY KEY (schedule_id),
        FOREIGN KEY(employee_id) REFERENCES employee (employee_id),
        FOREIGN KEY(org_unit_id) REFERENCES org_unit (org_unit_id)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    # Queue and outbox rows live for milliseconds: without frequent vacuum, dead rows slow every read.
    for table in ("outbox", "day_queue"):
        op.execute(
            f"alter table {table} set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)"
        )


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
