"""Composition root of the attendance service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date

from fastapi import FastAPI

from services.attendance.above import LIFTS
from services.attendance.api_words import WORDS
from services.attendance.assignments import settle_present
from services.attendance.canary import Canary
from services.attendance.close import Close
from services.attendance.day_worker import DayWorker
from services.attendance.days import serve_marks
from services.attendance.digests import SOURCES
from services.attendance.door import Door
from services.attendance.holidays_calendar import load_calendar
from services.attendance.periods import first_computed_date
from services.attendance.retention import Retention
from services.attendance.roster_ends import RosterEnds
from services.attendance.routes import (
    assignments,
    calendar,
    clock_corrections,
    days,
    employees,
    enrolments,
    excuses,
    iclock,
    machine_proof,
    machines,
    officer_search,
    outages,
    punches,
    retained,
    roster_settings,
    rules,
    schedules,
    shifts,
)
from services.attendance.rule_sets import load_default_rules
from services.attendance.schedules import load_default_week
from services.attendance.settings import Settings
from services.attendance.signals import ROUND_SECONDS, Signals
from services.attendance.silence import Silence
from shared.above import above_router
from shared.clock import Clock
from shared.context import Context
from shared.digest_routes import digest_router
from shared.http import make_app
from shared.operations import operations_router
from shared.runtime import Periodic, Runtime, end_process

__all__ = ["create"]

DAYS_POLL_SECONDS = 1.0  # for queued days of other processes; our own wake the worker at once
CLOSE_SECONDS = 30.0
CANARY_SECONDS = 2.0
SILENCE_SECONDS = 60.0
RETENTION_SECONDS = 600.0
ROSTER_ENDS_SECONDS = 600.0
TRANSFERS_SECONDS = 60.0


def create(
    settings: Settings, *, clock: Clock | None = None, on_failure: Callable[[str], None] = end_process
) -> FastAPI:
    """Builds the app. Nothing connects before its lifespan starts."""
    context = Context.make("attendance", settings, clock)
    changed = asyncio.Event()

    def dates() -> tuple[date, date]:
        today = context.clock.now().astimezone(context.zone).date()
        return first_computed_date(today, settings.first_work_date), today

    serve_marks(context.database, changed, dates)
    worker = DayWorker(context)
    close = Close(context, settings)
    silence = Silence(context)
    roster_ends = RosterEnds(context)

    async def load_defaults() -> bool:
        rules_words = await asyncio.to_thread(settings.attendance_rules_file.read_bytes)
        week_words = await asyncio.to_thread(settings.week_schedule_file.read_bytes)
        async with context.database.transaction() as session:
            await load_default_rules(session, rules_words)
            await load_default_week(session, week_words)
            await load_calendar(session, dates()[1])
        return False

    loaded_in = 0

    async def close_days() -> bool:
        # The first close needs rules, hours and calendar; each year needs another calendar.
        nonlocal loaded_in
        year = dates()[1].year
        if loaded_in != year:
            await load_defaults()
            loaded_in = year
        return await close.round()

    async def settle_transfers() -> bool:
        async with context.database.transaction() as session:
            await settle_present(context, session, dates()[1], context.clock.now())
        return False

    door = Door(context, settings)
    signals = Signals(context, punches_per_minute_max=settings.punches_per_minute_max)
    retention = Retention(context, settings)
    canary = None if settings.canary_key is None else Canary(context, settings.canary_key.get_secret_value())
    runtime = Runtime(
        context,
        periodics=(
            Periodic("days", worker.round, DAYS_POLL_SECONDS, wake=changed),
            Periodic("close", close_days, CLOSE_SECONDS),
            *([Periodic("canary", canary.round, CANARY_SECONDS)] if canary else []),
            Periodic("silence", silence.round, SILENCE_SECONDS),
            Periodic("signals", signals.round, ROUND_SECONDS),
            Periodic("retention", retention.round, RETENTION_SECONDS),
            Periodic("roster_ends", roster_ends.round, ROSTER_ENDS_SECONDS),
            Periodic("transfers", settle_transfers, TRANSFERS_SECONDS),
        ),
        on_failure=on_failure,
    )
    app = make_app(
        context,
        prefix="attendance",
        title="Kinerja: attendance",
        words=WORDS,
        routers=[
            iclock.iclock_router(door),
            punches.router,
            machine_proof.router,
            machines.router,
            enrolments.router,
            officer_search.router,
            employees.router,
            assignments.router,
            roster_settings.router,
            shifts.router,
            schedules.router,
            calendar.router,
            excuses.router,
            outages.router,
            clock_corrections.router,
            rules.router,
            retained.router,
            days.router,
            operations_router("attendance", service="attendance"),
            above_router("attendance", LIFTS),
            digest_router("attendance", SOURCES),
        ],
        lifespan=runtime.lifespan,
        allowance=door.allowance,
    )
    app.state.days_changed = changed
    app.state.day_worker = worker
    app.state.close = close
    app.state.silence = silence
    app.state.roster_ends = roster_ends
    app.state.settle_transfers = settle_transfers
    app.state.load_defaults = load_defaults
    app.state.signals = signals
    app.state.retention = retention
    app.state.canary = canary
    return app
