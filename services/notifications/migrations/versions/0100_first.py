"""Received records, notices and the mails that deliver them."""

from shared.db.first_tables import API_KEY, LINK, OUTBOX, PARKED_RECORD, UNIT_LIMIT, create

revision = "0100"  # earlier chains ended at 0008 at most: their databases cannot be upgraded
down_revision = None
branch_labels = None
depends_on = None

_RECORDS = (
    """
    create table employee (
        employee_id uuid primary key,
        revision int not null,
        name varchar not null,
        org_unit_id varchar,
        org_unit_name varchar not null,
        superior_id uuid,
        email varchar
    )
    """,
    """
    create table score (
        employee_id uuid not null,
        semester varchar not null,
        revision int not null,
        record varchar not null,
        evaluated_at timestamptz,
        primary key (employee_id, semester)
    )
    """,
    """
    create table discipline (
        employee_id uuid not null,
        year smallint not null,
        revision int not null,
        record varchar not null,
        primary key (employee_id, year)
    )
    """,
)
_NOTICES = (
    """
    create table evaluation (
        id bigserial primary key,
        employee_id uuid not null,
        semester varchar not null,
        subject varchar not null,
        value varchar,
        evaluated_at timestamptz not null
    )
    """,
    "create index ix_evaluation_employee_id on evaluation (employee_id)",
    """
    create table notice (
        notice_id uuid primary key,
        revision int not null,
        kind varchar not null,
        employee_id uuid not null,
        recipient_id uuid not null,
        semester varchar,
        indicator varchar not null,
        period varchar not null,
        state varchar not null,
        reasons varchar not null,
        evidence varchar not null,
        subject varchar not null,
        body varchar not null,
        created_at timestamptz not null,
        decided_by varchar,
        released_at timestamptz,
        mailed_at timestamptz,
        delivered_at timestamptz,
        acknowledged_at timestamptz,
        object_until timestamptz,
        withdrawn_at timestamptz,
        withdrawal varchar,
        gone_revision int
    )
    """,
    "create index ix_notice_recipient_id on notice (recipient_id)",
    "create unique index notice_once on notice (employee_id, kind, indicator, period) where state <> 'withdrawn'",
)
_MAIL = (
    """
    create table delivery (
        notice_id uuid primary key,
        next_attempt_at timestamptz not null,
        attempts int not null,
        sending boolean not null default false,
        last_error varchar,
        refusals int not null default 0,
        copies int not null default 0,
        held_since timestamptz
    )
    """,
)


def upgrade() -> None:
    create(OUTBOX, PARKED_RECORD, API_KEY, UNIT_LIMIT, LINK, _RECORDS, _NOTICES, _MAIL)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
