"""Facts, totals, scores, discipline and policies."""

from shared.db.first_tables import API_KEY, LINK, OUTBOX, PARKED_RECORD, UNIT_LIMIT, create

revision = "0100"  # earlier chains ended at 0008 at most: their databases cannot be upgraded
down_revision = None
branch_labels = None
depends_on = None

_OFFICERS = (
    """
    create table employee (
        employee_id uuid primary key,
        revision int not null,
        name varchar not null,
        employment_type varchar not null,
        org_unit_id varchar not null,
        org_unit_name varchar not null,
        superior_id uuid
    )
    """,
)
_FACTS = (
    """
    create table day_fact (
        employee_id uuid not null,
        work_date date not null,
        semester smallint not null,
        revision int not null,
        scheduled_minutes smallint not null,
        credited_minutes smallint not null,
        final_days smallint not null,
        unexcused_days smallint not null,
        provisional_days smallint not null,
        was_scheduled smallint not null default 0,
        was_credited smallint not null default 0,
        was_final smallint not null default 0,
        was_unexcused smallint not null default 0,
        was_provisional smallint not null default 0,
        record bytea not null,
        primary key (employee_id, work_date)
    )
    """,
    """
    create table feedback_fact (
        feedback_id uuid primary key,
        revision int not null,
        employee_id uuid,
        semester smallint not null,
        totals int[] not null,
        was_employee_id uuid,
        was_semester smallint,
        was_totals int[],
        record bytea not null
    )
    """,
    "create index feedback_fact_of_officer on feedback_fact (employee_id, semester)",
    """
    create table held_rating (
        feedback_id uuid not null,
        revision int not null,
        group_id uuid not null,
        held_at timestamptz not null,
        record bytea not null,
        primary key (feedback_id, revision)
    )
    """,
    "create index held_rating_of_group on held_rating (group_id, revision)",
)
_SCORES = (
    """
    create table semester_total (
        employee_id uuid not null,
        semester smallint not null,
        scheduled_minutes int not null,
        credited_minutes int not null,
        final_days int not null,
        unexcused_days int not null,
        provisional_days int not null,
        work_quality_n int not null,
        work_quality_sum int not null,
        communication_n int not null,
        communication_sum int not null,
        citizen_ratings int not null,
        completion_time_n int not null,
        completion_time_sum int not null,
        completion_time_counter_n int not null,
        completion_time_counter_sum int not null,
        product_n int not null,
        product_sum int not null,
        product_counter_n int not null,
        product_counter_sum int not null,
        officer_competence_n int not null,
        officer_competence_sum int not null,
        officer_competence_counter_n int not null,
        officer_competence_counter_sum int not null,
        officer_conduct_n int not null,
        officer_conduct_sum int not null,
        officer_conduct_counter_n int not null,
        officer_conduct_counter_sum int not null,
        score int,
        band varchar,
        complete boolean not null,
        as_of timestamptz not null,
        changed boolean not null,
        primary key (employee_id, semester)
    ) with (fillfactor = 50)
    """,
    "create index semester_total_changed on semester_total (employee_id, semester) where changed",
    """
    create table published_score (
        employee_id uuid not null,
        semester smallint not null,
        revision int not null,
        record bytea not null,
        primary key (employee_id, semester)
    )
    """,
    """
    create table semester_opening (
        semester smallserial primary key,
        opened_at timestamptz not null
    )
    """,
)
_DISCIPLINE = (
    """
    create table discipline_year (
        employee_id uuid not null,
        year smallint not null,
        changed boolean not null,
        revision int not null default 0,
        record bytea,
        primary key (employee_id, year)
    )
    """,
    "create index discipline_year_changed on discipline_year (employee_id, year) where changed",
)
_POLICIES = (
    """
    create table rule_document (
        kind varchar not null,
        id varchar not null,
        version int not null,
        effective_from date not null,
        decree varchar not null,
        content varchar not null,
        loaded_at timestamptz not null,
        primary key (kind, id, version)
    )
    """,
    """
    create table unit_prior (
        semester smallint not null,
        org_unit_id varchar not null,
        prior varchar not null,
        primary key (semester, org_unit_id)
    )
    """,
    """
    create table rescore_due (
        first_semester smallint primary key,
        requested_at timestamptz not null
    )
    """,
)


def upgrade() -> None:
    create(OUTBOX, PARKED_RECORD, API_KEY, UNIT_LIMIT, LINK, _OFFICERS, _FACTS, _SCORES, _DISCIPLINE, _POLICIES)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
