"""Units, officers, and their unit and employment type by date."""

from __future__ import annotations

__all__ = ["PEOPLE"]

PEOPLE = (
    """
    create table org_unit (
        org_unit_id varchar primary key,
        name varchar not null
    )
    """,
    """
    create table employee (
        employee_id uuid primary key,
        revision int not null,
        nip varchar not null unique,
        name varchar not null,
        employment_type varchar not null,
        org_unit_id varchar not null references org_unit,
        superior_id uuid,
        email varchar,
        active_from date not null,
        active_to date,
        queued_from date,
        queued_until date,
        recorded_at timestamptz not null
    )
    """,
    "create index ix_employee_org_unit_id on employee (org_unit_id)",
    """
    create table employee_unit (
        employee_id uuid not null references employee,
        effective_from date not null,
        org_unit_id varchar not null references org_unit,
        primary key (employee_id, effective_from)
    )
    """,
    "create index ix_employee_unit_org_unit_id on employee_unit (org_unit_id)",
    """
    create table employee_type (
        employee_id uuid not null references employee,
        effective_from date not null,
        employment_type varchar not null,
        primary key (employee_id, effective_from)
    )
    """,
    # Every date has a unit and a type: the first step also applies to earlier dates (as in people/rules/history.py).
    """
    create view unit_time_v1 as
    select employee_id, org_unit_id,
           case when row_number() over steps = 1 then date '-infinity' else effective_from end as first_date,
           coalesce(lead(effective_from) over steps - 1, date 'infinity') as last_date
    from employee_unit window steps as (partition by employee_id order by effective_from)
    """,
    """
    create view type_time_v1 as
    select employee_id, employment_type,
           case when row_number() over steps = 1 then date '-infinity' else effective_from end as first_date,
           coalesce(lead(effective_from) over steps - 1, date 'infinity') as last_date
    from employee_type window steps as (partition by employee_id order by effective_from)
    """,
    # Officers as of today, with the fields of their record for consumers.
    """
    create view officer_v1 as
    select e.employee_id, e.revision, e.nip, e.name, e.employment_type, e.org_unit_id, u.name as org_unit_name,
           e.superior_id, e.email, e.active_from, e.active_to, e.recorded_at
    from employee e join org_unit u using (org_unit_id)
    """,
)
