"""Working hours: rules, weeks, overrides, rosters, the calendar and excuses."""

from __future__ import annotations

__all__ = ["HOURS"]

HOURS = (
    """
    create table rule_set (
        id varchar not null,
        version int not null,
        effective_from date not null,
        decree varchar not null,
        window_before_minutes int not null,
        window_after_minutes int not null,
        content varchar not null,
        primary key (id, version)
    )
    """,
    """
    create table week_schedule (
        schedule_id uuid primary key,
        name varchar not null,
        employee_id uuid references employee,
        org_unit_id varchar references org_unit,
        effective_from date not null,
        effective_to date,
        kind varchar not null,
        days varchar not null,
        first_minute int not null,
        last_minute int not null
    )
    """,
    """
    create table schedule_override (
        override_id uuid primary key,
        name varchar not null,
        code varchar not null,
        kind varchar not null,
        decree varchar not null,
        first_date date not null,
        last_date date not null,
        days varchar not null,
        first_minute int not null,
        last_minute int not null
    )
    """,
    """
    create table roster_setting (
        setting_id uuid primary key,
        employee_id uuid references employee,
        org_unit_id varchar references org_unit,
        by_roster boolean not null,
        effective_from date not null,
        effective_to date,
        constraint roster_setting_of_employee unique (employee_id, effective_from),
        constraint roster_setting_of_unit unique (org_unit_id, effective_from)
    )
    """,
    """
    create table roster_shift (
        employee_id uuid not null references employee,
        work_date date not null,
        kind varchar not null,
        starts_at timestamp,
        ends_at timestamp,
        break_minutes int not null,
        primary key (employee_id, work_date)
    )
    """,
    """
    create table calendar_day (
        day date primary key,
        name varchar not null,
        kind varchar not null,
        confirmed boolean not null,
        decree varchar
    )
    """,
    """
    create table excuse (
        excuse_id uuid primary key,
        employee_id uuid not null references employee,
        code varchar not null,
        kind varchar not null,
        first_date date not null,
        last_date date not null,
        half varchar not null,
        state varchar not null,
        reference varchar,
        reason varchar,
        decided_by uuid,
        decided_at timestamptz not null
    )
    """,
    "create index excuse_of_employee on excuse (employee_id, first_date)",
    """
    create table excuse_decision (
        excuse_id uuid not null references excuse,
        position int not null,
        state varchar not null,
        code varchar not null,
        first_date date not null,
        last_date date not null,
        half varchar not null,
        reference varchar,
        reason varchar,
        decided_by uuid,
        recorded_by varchar,
        recorded_at timestamptz not null,
        primary key (excuse_id, position)
    )
    """,
)
