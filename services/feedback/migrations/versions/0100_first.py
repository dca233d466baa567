"""Visits, votes that wait in encrypted boxes, and published ratings and assessments."""

from shared.db.first_tables import API_KEY, OUTBOX, PARKED_RECORD, create

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
        org_unit_id varchar not null,
        org_unit_name varchar not null,
        superior_id uuid,
        active_from date not null,
        active_to date
    )
    """,
)
_VISITS = (
    """
    create table visit (
        visit_id uuid primary key,
        token_hmac bytea not null unique,
        employee_id uuid,
        org_unit_id varchar not null,
        service varchar not null,
        weight_class varchar not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used boolean not null,
        idempotency_sha256 bytea unique,
        request_sha256 bytea
    )
    """,
    "create index visit_ended on visit (expires_at)",
    """
    create table ballot_box (
        box_id uuid primary key,
        employee_id uuid,
        org_unit_id varchar,
        weight_class varchar,
        due boolean not null,
        quarantined boolean not null,
        sealed bytea not null
    )
    """,
    "create index ballot_box_due on ballot_box (box_id) where due",
    "create index ballot_box_quarantined on ballot_box (box_id) where quarantined",
)
_RATINGS = (
    """
    create table feedback (
        feedback_id uuid primary key,
        revision int not null,
        kind varchar not null,
        state varchar not null,
        employee_id uuid,
        org_unit_id varchar not null,
        given_at timestamptz not null,
        group_id uuid,
        assessor_id uuid,
        reason varchar,
        record varchar not null
    )
    """,
    "create index feedback_group on feedback (group_id) where group_id is not null",
    "create index feedback_of_officer on feedback (employee_id, given_at)",
    "create index feedback_shown on feedback (coalesce(group_id, feedback_id))",
    """
    create table city_remainder (
        semester smallint primary key,
        ratings int not null,
        answers varchar not null
    )
    """,
    """
    create table quarantine_decision (
        batch_id uuid primary key,
        employee_id uuid,
        org_unit_id varchar,
        weight_class varchar,
        cause varchar not null,
        day date not null,
        ballots int not null,
        decision varchar not null,
        reason varchar not null,
        decided_at timestamptz not null
    )
    """,
)


def upgrade() -> None:
    create(OUTBOX, PARKED_RECORD, API_KEY, _OFFICERS, _VISITS, _RATINGS)


def downgrade() -> None:
    raise RuntimeError("accepted data is never dropped: restore a backup instead")
