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
    # The placements with the moment since which each is in service. A machine that was always in its unit is in service since
    # its registration, or since its earliest punch if it has a watermark. Punches much older than `evidence_floor` prove
    # nothing: a machine with an empty battery dates them to the year 2000.
    # It returns rows, not a value, because Postgres then plans it as a part of the query.
    """
    create function machine_service_v1(evidence_floor timestamptz)
    returns table (serial varchar, org_unit_id varchar, in_unit_from timestamptz, in_unit_to timestamptz,
                   complete_until timestamptz, awaited_since timestamptz, clock_wrong_since timestamptz,
                   in_service_from timestamptz)
    language sql stable
    begin atomic
        select m.serial, m.org_unit_id, m.in_unit_from, m.in_unit_to, m.complete_until, m.awaited_since, m.clock_wrong_since,
               coalesce(m.in_unit_from, least(m.registered_at,
                   (select min(p.at) from punch p where p.serial = m.serial and m.complete_until is not null
                    and p.at >= evidence_floor - interval '31 days')))
        from machine_placement_v1 m;
    end
    """,
    # The true receive time, by the correction of the server's clock for that time, if there is one.
    """
    create function true_received_at_v1(received_at timestamptz) returns table (true_received_at timestamptz)
    language sql stable
    begin atomic
        select received_at + make_interval(secs => coalesce((
            select seconds_behind from clock_correction c
            where received_at between c.received_from and c.received_to and c.seconds_behind > 0), 0));
    end
    """,
)
