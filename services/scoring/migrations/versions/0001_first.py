"""Facts, totals, scores and published records."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE day_fact (
        employee_id UUID NOT NULL,
        work_date DATE NOT NULL,
        semester SMALLINT NOT NULL,
        revision INTEGER NOT NULL,
        scheduled_minutes SMALLINT NOT NULL,
        credited_minutes SMALLINT NOT NULL,
        final_days SMALLINT NOT NULL,
        unexcused_days SMALLINT NOT NULL,
        provisional_days SMALLINT NOT NULL,
        was_scheduled SMALLINT DEFAULT 0 NOT NULL,
        was_credited SMALLINT DEFAULT 0 NOT NULL,
        was_final SMALLINT DEFAULT 0 NOT NULL,
        was_unexcused SMALLINT DEFAULT 0 NOT NULL,
        was_provisional SMALLINT DEFAULT 0 NOT NULL,
        record BYTEA NOT NULL,
        PRIMARY KEY (employee_id, work_date)
    )
    """,
    """
    CREATE TABLE discipline_year (
        employee_id UUID NOT NULL,
        year SMALLINT NOT NULL,
        changed BOOLEAN NOT NULL,
        revision INTEGER DEFAULT 0 NOT NULL,
        record BYTEA,
        PRIMARY KEY (employee_id, year)
    )
    """,
    """
    CREATE INDEX discipline_year_changed ON discipline_year (employee_id, year) WHERE changed
    """,
    """
    CREATE TABLE employee (
        employee_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        name VARCHAR NOT NULL,
        employment_type VARCHAR NOT NULL,
        org_unit_id VARCHAR NOT NULL,
        org_unit_name VARCHAR NOT NULL,
        superior_id UUID,
        PRIMARY KEY (employee_id)
    )
    """,
    """
    CREATE TABLE feedback_fact (
        feedback_id UUID NOT NULL,
        revision INTEGER NOT NULL,
        employee_id UUID,
        semester SMALLINT NOT NULL,
        totals INTEGER[] NOT NULL,
        was_employee_id UUID,
        was_semester SMALLINT,
        was_totals INTEGER[],
        record BYTEA NOT NULL,
        PRIMARY KEY (feedback_id)
    )
    """,
    """
    CREATE INDEX feedback_fact_of_officer ON feedback_fact (employee_id, semester)
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
    CREATE TABLE published_score (
        employee_id UUID NOT NULL,
        semester SMALLINT NOT NULL,
        revision INTEGER NOT NULL,
        record BYTEA NOT NULL,
        PRIMARY KEY (employee_id, semester)
    )
    """,
    """
    CREATE TABLE rule_document (
        kind VARCHAR NOT NULL,
        id VARCHAR NOT NULL,
        version INTEGER NOT NULL,
        effective_from DATE NOT NULL,
        decree VARCHAR NOT NULL,
        content VARCHAR NOT NULL,
        loaded_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (kind, id, version)
    )
    """,
    """
    CREATE TABLE semester_opening (
        semester SMALLSERIAL NOT NULL,
        opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
        PRIMARY KEY (semester)
    )
    """,
    """
    CREATE TABLE semester_total (
        employee_id UUID NOT NULL,
        semester SMALLINT NOT NULL,
        scheduled_minutes INTEGER NOT NULL,
        credited_minutes INTEGER NOT NULL,
        final_days INTEGER NOT NULL,
        unexcused_days INTEGER NOT NULL,
        provisional_days INTEGER NOT NULL,
        work_quality_n INTEGER NOT NULL,
        work_quality_sum INTEGER NOT NULL,
        communication_n INTEGER NOT NULL,
        communication_sum INTEGER NOT NULL,
        citizen_ratings INTEGER NOT NULL,
        completion_time_n INTEGER NOT NULL,
        completion_time_sum INTEGER NOT NULL,
        completion_time_counter_n INTEGER NOT NULL,
        completion_time_counter_sum INTEGER NOT NULL,
        product_n INTEGER NOT NULL,
        product_sum INTEGER NOT NULL,
        product_counter_n INTEGER NOT NULL,
        product_counter_sum INTEGER NOT NULL,
        officer_competence_n INTEGER NOT NULL,
        officer_competence_sum INTEGER NOT NULL,
        officer_competence_counter_n INTEGER NOT NULL,
        officer_competence_counter_sum INTEGER NOT NULL,
        officer_conduct_n INTEGER NOT NULL,
        officer_conduct_sum INTEGER NOT NULL,
        officer_conduct_counter_n INTEGER NOT NULL,
        officer_conduct_counter_sum INTEGER NOT NULL,
        score INTEGER,
        band VARCHAR,
        complete BOOLEAN NOT NULL,
        as_of TIMESTAMP WITH TIME ZONE NOT NULL,
        changed BOOLEAN NOT NULL,
        PRIMARY KEY (employee_id, semester)
    )
     WITH (fillfactor = 50)
    """,
    """
    CREATE INDEX semester_total_changed ON semester_total (employee_id, semester) WHERE changed
    """,
    """
    CREATE TABLE unit_prior (
        semester SMALLINT NOT NULL,
        org_unit_id VARCHAR NOT NULL,
        prior VARCHAR NOT NULL,
        PRIMARY KEY (semester, org_unit_id)
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
