"""Machines, their placements, PINs, commands and outages, and contacts that were refused."""

from __future__ import annotations

__all__ = ["MACHINES"]

MACHINES = (
    """
    create table machine (
        serial varchar primary key,
        name varchar not null,
        timezone varchar not null,
        direction_from varchar not null,
        org_unit_id varchar references org_unit,
        registered_at timestamptz not null,
        in_unit_from timestamptz,
        in_service_to timestamptz,
        last_contact_at timestamptz,
        last_poll_at timestamptz,
        last_upload_at timestamptz,
        complete_until timestamptz,
        clock_wrong_since timestamptz,
        address varchar,
        push_version varchar,
        info varchar,
        dialect varchar,
        networks varchar[] not null default '{}',
        pinned_address varchar,
        host_label_sha256 bytea,
        comm_key_sha256 bytea,
        secret_pending boolean not null default false,
        told_records bigint,
        told_records_at timestamptz,
        journal_day date,
        journal_bytes bigint not null default 0
    )
    """,
    "create index ix_machine_org_unit_id on machine (org_unit_id)",
    """
    create table past_placement (
        serial varchar not null references machine,
        in_unit_to timestamptz not null,
        in_unit_from timestamptz,
        org_unit_id varchar references org_unit,
        direction_from varchar not null,
        primary key (serial, in_unit_to)
    )
    """,
    "create index ix_past_placement_org_unit_id on past_placement (org_unit_id)",
    """
    create table enrolment (
        serial varchar not null references machine,
        pin varchar not null,
        valid_from date not null,
        valid_to date,
        employee_id uuid not null references employee,
        primary key (serial, pin, valid_from)
    )
    """,
    "create index ix_enrolment_employee_id on enrolment (employee_id)",
    """
    create table device_command (
        id bigserial primary key,
        token varchar not null,
        serial varchar not null references machine,
        command varchar not null,
        reason varchar not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        sent_at timestamptz,
        result_at timestamptz,
        return_code int,
        constraint device_command_token unique (token)
    )
    """,
    "create index device_command_open on device_command (serial, id) where result_at is null",
    """
    create table oper_event (
        id bigserial primary key,
        serial varchar not null,
        tag varchar not null,
        code int,
        who varchar,
        local_time timestamp,
        audit boolean not null,
        received_at timestamptz not null
    )
    """,
    "create index oper_event_copy on oper_event (serial, local_time)",
    "create index oper_event_of_serial on oper_event (serial, id)",
    """
    create table outage (
        outage_id uuid primary key,
        serial varchar references machine,
        org_unit_id varchar references org_unit,
        starts_at timestamptz not null,
        ends_at timestamptz not null,
        reason varchar not null
    )
    """,
    """
    create table machine_signal (
        serial varchar not null references machine,
        kind varchar not null,
        first_at timestamptz not null,
        last_at timestamptz not null,
        times bigint not null,
        detail varchar not null,
        primary key (serial, kind)
    )
    """,
    """
    create table refused_contact (
        serial varchar not null,
        address varchar not null,
        reason varchar not null,
        first_seen_at timestamptz not null,
        last_seen_at timestamptz not null,
        requests bigint not null,
        dialect varchar,
        kept_lines bigint not null,
        kept_bytes bigint not null,
        primary key (serial, address)
    )
    """,
    "create index refused_contact_of_address on refused_contact (address, last_seen_at)",
    "create index refused_contact_oldest on refused_contact (last_seen_at)",
    # Every placement of every machine with the machine's watermark; a clock that went wrong later does not affect it.
    # `awaited_since`: from when on the machine's silence counts.
    """
    create view machine_placement_v1 as
    select placed.serial, placed.org_unit_id, placed.in_unit_from, placed.in_unit_to, m.registered_at, m.complete_until,
           greatest(coalesce(m.complete_until, m.registered_at), placed.in_unit_from) as awaited_since,
           case when m.clock_wrong_since <= coalesce(placed.in_unit_to, 'infinity') then m.clock_wrong_since end
               as clock_wrong_since
    from (select serial, org_unit_id, in_unit_from, in_service_to as in_unit_to from machine
          union all
          select serial, org_unit_id, in_unit_from, in_unit_to from past_placement) placed
    join machine m using (serial)
    """,
    # Every time in which a machine is in a declared outage, its own or one of its unit.
    """
    create view machine_outage_v1 as
    select m.serial, o.starts_at, o.ends_at
    from machine m join outage o on o.serial = m.serial or o.org_unit_id = m.org_unit_id
    """,
)
