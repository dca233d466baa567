"""The inputs and the result of computing one officer's work date. All instants are timezone-aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from services.attendance.hours.rules.schedule import Scheduled, ScheduledShift
from services.attendance.leave.rules.excuse import Excuse
from services.attendance.machines.rules.site import MachineActivity, Outage, SiteMachine
from services.attendance.punches.rules.punch import Punch
from services.attendance.regulation.rules.rule_set import AttendanceRules
from shared.contracts.events.attendance_day import DayState, DayStatus, Deduction

__all__ = [
    "DayInputs",
    "DayResult",
]


@dataclass(frozen=True, slots=True)
class DayInputs:
    """All inputs for the status of one day.

    `neighbours` are the officer's shifts on the dates before and after, whose windows may overlap. `as_of` is the instant
    for which the inputs are valid. `active_from` and `active_to` are the employment dates, both included; None is open.
    """

    work_date: date
    zone: ZoneInfo
    scheduled: Scheduled
    rules: AttendanceRules
    as_of: datetime
    neighbours: tuple[ScheduledShift, ...] = ()
    punches: tuple[Punch, ...] = ()
    excuses: tuple[Excuse, ...] = ()
    machines: tuple[SiteMachine, ...] = ()
    outages: tuple[Outage, ...] = ()
    activity: tuple[MachineActivity, ...] = ()
    active_from: date | None = None
    active_to: date | None = None


@dataclass(frozen=True, slots=True)
class DayResult:
    """What the record of the day publishes: whole minutes without breaks, times with the unit's UTC offset."""

    state: DayState
    status: DayStatus
    excuse: str | None = None
    scheduled_minutes: int = 0
    credited_minutes: int = 0
    late_minutes: int = 0
    early_leave_minutes: int = 0
    missing_punches: tuple[Literal["in", "out"], ...] = ()
    first_in: datetime | None = None
    last_out: datetime | None = None
    deductions: tuple[Deduction, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def lacked_machine(self) -> bool:
        """Whether a punch may be missing because the site had no working machine: late data of a machine may change the day."""
        return "OUTAGE" in self.reasons or "NO_MACHINE" in self.reasons
