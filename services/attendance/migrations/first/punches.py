"""The journal, punches, lines that could not be used, and corrections of receive times."""

from __future__ import annotations

__all__ = ["PUNCHES"]

PUNCHES = (
    """
    create table upload (
        id bigserial primary key,
        serial varchar not null,
        kind varchar not null,
        stamp varchar,
        body bytea not null,
        lines int not null,
        received_at timestamptz not null
    )
    """,
    "create index upload_received on upload (received_at)",
    """
    create table punch (
        id bigserial primary key,
        serial varchar not null,
        pin varchar not null,
        local_time timestamp not null,
        status smallint not null,
        verify smallint not null,
        at timestamptz not null,
        employee_id uuid,
        work_code varchar,
        extra varchar,
        flags varchar[] not null,
        counted boolean not null,
        source varchar not null,
        upload_id bigint not null,
        received_at timestamptz not null,
        constraint punch_once unique (serial, pin, local_time, status, verify)
    )
    """,
    "create index punch_not_counted on punch (id) where not counted",
    "create index punch_of_employee on punch (employee_id, at)",
    "create index punch_of_machine on punch (serial, at)",
    "create index punch_of_nobody on punch (serial, pin) where employee_id is null",
    "create index punch_received on punch using brin (received_at) with (autosummarize = on)",
    """
    create table quarantine (
        id bigserial primary key,
        serial varchar not null,
        line varchar not null,
        raw bytea not null,
        line_sha256 bytea not null,
        kind varchar not null,
        reason varchar not null,
        address varchar not null default '',
        upload_id bigint not null,
        received_at timestamptz not null,
        resolved_at timestamptz,
        constraint quarantine_once unique (serial, line_sha256, reason, address)
    )
    """,
    "create index quarantine_of_serial on quarantine (serial, id)",
    "create index quarantine_received on quarantine (received_at)",
    "create index quarantine_waiting on quarantine (serial) where resolved_at is null",
    """
    create table clock_correction (
        correction_id uuid primary key,
        received_from timestamptz not null,
        received_to timestamptz not null,
        seconds_behind bigint not null,
        reason varchar not null,
        recorded_at timestamptz not null
    )
    """,
)
