"""Composition root of the attendance service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from fastapi import APIRouter

from services.attendance.access import registration_routes
from services.attendance.access import routes as access_routes
from services.attendance.access.gate import Gate
from services.attendance.access.signals import ROUND_SECONDS, Signals
from services.attendance.api_texts import TEXTS
from services.attendance.context import AttendanceContext
from services.attendance.days import routes as days_routes
from services.attendance.days.scheduler import DayScheduler
from services.attendance.days.worker import DayWorker
from services.attendance.enrolments import routes as enrolments_routes
from services.attendance.hours import holiday_routes
from services.attendance.hours import routes as hours_routes
from services.attendance.hours.defaults import Defaults
from services.attendance.iclock import routes as iclock_routes
from services.attendance.leave import routes as leave_routes
from services.attendance.machines import clock_routes, outage_routes
from services.attendance.machines import routes as machines_routes
from services.attendance.monitoring import routes as monitoring_routes
from services.attendance.monitoring.roster_ends import RosterEnds
from services.attendance.monitoring.silence import Silence
from services.attendance.operations import routes as operations_routes
from services.attendance.operations.above import LIFTS
from services.attendance.operations.canary import Canary
from services.attendance.operations.digests import SOURCES
from services.attendance.people import assignment_routes, search_routes
from services.attendance.people import routes as people_routes
from services.attendance.people.present import Transfers
from services.attendance.punches import retention_routes
from services.attendance.punches import routes as punches_routes
from services.attendance.punches.retention import Retention
from services.attendance.regulation import routes as regulation_routes
from services.attendance.settings import Settings
from services.attendance.shifts import by_roster_routes
from services.attendance.shifts import routes as shifts_routes
from shared.base.clock import Clock
from shared.operations.above import above_router
from shared.operations.digest_routes import digest_router
from shared.operations.routes import operations_router
from shared.service.app import ServiceApp, make_app
from shared.service.runtime import Periodic, Runtime, end_process

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
) -> ServiceApp:
    """Builds the app. Nothing connects before its lifespan starts."""
    context = AttendanceContext.make("attendance", settings, clock)
    gate, defaults = Gate(context), Defaults(context)
    jobs = _jobs(context, defaults)
    runtime = Runtime(
        context,
        periodics=[Periodic(job.name, job.part.round, job.seconds, wake=job.wake) for job in jobs],
        on_failure=on_failure,
    )
    return make_app(
        context,
        prefix="attendance",
        title="Kinerja: attendance",
        texts=TEXTS,
        routers=_routers(gate),
        parts=[runtime, defaults, *(job.part for job in jobs)],
        lifespan=runtime.lifespan,
        allowance=gate.allowance,
    )


class _Part(Protocol):
    async def round(self) -> bool: ...


class _Job(NamedTuple):
    name: str
    part: _Part
    seconds: float
    wake: asyncio.Event | None = None


def _jobs(context: AttendanceContext, defaults: Defaults) -> list[_Job]:
    jobs = [
        _Job("days", DayWorker(context), DAYS_POLL_SECONDS, wake=context.days_changed),
        _Job("close", DayScheduler(context, defaults), CLOSE_SECONDS),
        _Job("silence", Silence(context), SILENCE_SECONDS),
        _Job("signals", Signals(context), ROUND_SECONDS),
        _Job("retention", Retention(context), RETENTION_SECONDS),
        _Job("roster_ends", RosterEnds(context), ROSTER_ENDS_SECONDS),
        _Job("transfers", Transfers(context), TRANSFERS_SECONDS),
    ]
    if context.settings.canary_key is not None:
        jobs.append(_Job("canary", Canary(context, context.settings.canary_key.get_secret_value()), CANARY_SECONDS))
    return jobs


def _routers(gate: Gate) -> list[APIRouter]:
    return [
        iclock_routes.iclock_router(gate),
        punches_routes.router,
        access_routes.router,
        registration_routes.router,
        machines_routes.router,
        enrolments_routes.router,
        search_routes.router,
        people_routes.router,
        operations_routes.router,
        assignment_routes.router,
        monitoring_routes.router,
        by_roster_routes.router,
        shifts_routes.router,
        hours_routes.router,
        holiday_routes.router,
        leave_routes.router,
        outage_routes.router,
        clock_routes.router,
        regulation_routes.router,
        retention_routes.router,
        days_routes.router,
        operations_router("attendance", service="attendance"),
        above_router("attendance", LIFTS),
        digest_router("attendance", SOURCES),
    ]
