"""Computed days and their queue."""

from __future__ import annotations

__all__ = ["DAYS"]

DAYS = (
    """
    create table attendance_day (
        employee_id uuid not null references employee,
        work_date date not null,
        revision int not null,
        state varchar not null,
        status varchar not null,
        org_unit_id varchar not null,
        opens_at timestamptz,
        closes_at timestamptz,
        lacked_machine boolean not null,
        record varchar not null,
        recorded_at timestamptz not null,
        primary key (employee_id, work_date)
    )
    """,
    "create index attendance_day_open on attendance_day (work_date) where state = 'provisional'",
    """
    create table day_queue (
        id bigserial primary key,
        bulk boolean not null,
        employee_id uuid not null,
        work_date date not null
    ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)
    """,
    "create index day_queue_next on day_queue (bulk, id)",
)
