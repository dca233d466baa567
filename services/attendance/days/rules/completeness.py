"""Whether all data of a day has arrived, and whether missing data is explained by a site without a working machine.

A machine may hold punches back for days. So a missing punch means nothing until every machine of the officer's own
site has uploaded everything up to the end of the shift's window.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from services.attendance.days.rules.day_inputs import DayInputs
from services.attendance.days.rules.windows import Window
from services.attendance.machines.rules.site import MachineActivity, Outage, SiteMachine

__all__ = ["open_reasons", "silent_since", "why_unproven"]


def silent_since(machine: SiteMachine, as_of: datetime, silent_outage_days: int) -> datetime | None:
    """From when on a machine that is silent longer than the rule allows may have lost punches; else None.

    None also for a machine that uploaded everything up to the end of its service.
    """
    complete, began, ended = machine.complete_up_to, machine.in_service_from, machine.in_service_to
    if complete is not None and ended is not None and complete >= ended:
        return None
    awaited = machine.awaited_since or complete or began
    if awaited is None or as_of - awaited <= timedelta(days=silent_outage_days):
        return None
    return max((moment for moment in (complete, began) if moment is not None), default=awaited)


def open_reasons(inputs: DayInputs, window: Window) -> tuple[str, ...]:
    """Why the day is still provisional; empty when it is final.

    A machine that is silent for too long counts as an outage and no longer keeps the day open. A day at a site without
    any machine never becomes final by itself: nothing could prove an absence there.
    """
    reasons = [] if inputs.as_of >= window.end else ["DAY_NOT_OVER"]
    serving = [machine for machine in inputs.machines if _served_in(machine, window)]
    if not serving:
        return (*reasons, "NO_MACHINE")
    holding = [machine for machine in serving if _holds_open(machine, window, inputs)]
    if holding:
        reasons.append("AWAITING_MACHINES")
    if any(not machine.clock_ok for machine in holding):
        reasons.append("MACHINE_CLOCK_WRONG")
    return tuple(reasons)


def _served_in(machine: SiteMachine, window: Window) -> bool:
    began = machine.in_service_from is None or machine.in_service_from <= window.end
    return began and (machine.in_service_to is None or machine.in_service_to >= window.start)


def _holds_open(machine: SiteMachine, window: Window, inputs: DayInputs) -> bool:
    if silent_since(machine, inputs.as_of, inputs.rules.silent_outage_days) is not None:
        return False
    if not machine.clock_ok or machine.complete_up_to is None:
        return True
    needed = window.end if machine.in_service_to is None else min(window.end, machine.in_service_to)
    return machine.complete_up_to < needed


def why_unproven(inputs: DayInputs, span: Window) -> Literal["OUTAGE", "NO_MACHINE"] | None:
    """Why a punch within `span` may be missing through no fault of the officer; None when there is no such reason.

    `OUTAGE`: a machine was out of order and no other machine of the site worked. `NO_MACHINE`: for part of the span the
    site had no machine.
    """
    if any(_unrelieved(outage, inputs.activity, span) for outage in _all_outages(inputs)):
        return "OUTAGE"
    return "NO_MACHINE" if _unattended(inputs.machines, span) else None


def _unattended(machines: Iterable[SiteMachine], span: Window) -> bool:
    attended_until = span.start
    for machine in sorted(machines, key=lambda each: each.in_service_from or span.start):
        if machine.in_service_from is not None and machine.in_service_from > attended_until:
            break
        attended_until = max(attended_until, machine.in_service_to or span.end)
    return attended_until < span.end


def _all_outages(inputs: DayInputs) -> Iterable[Outage]:
    yield from inputs.outages
    for machine in inputs.machines:
        since = silent_since(machine, inputs.as_of, inputs.rules.silent_outage_days)
        if since is not None:
            yield Outage(since, machine.in_service_to, machine.machine)


def _unrelieved(outage: Outage, activity: Iterable[MachineActivity], span: Window) -> bool:
    start = max(outage.start, span.start)
    end = span.end if outage.end is None else min(outage.end, span.end)
    if start >= end:
        return False
    return not any(
        worked.machine != outage.machine and worked.start <= end and worked.end >= start for worked in activity
    )
