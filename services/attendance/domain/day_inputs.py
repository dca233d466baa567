"""The inputs and the result of computing one officer's work date. All instants are timezone-aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from services.attendance.domain.rules import AttendanceRules
from services.attendance.domain.schedule import Scheduled, ScheduledShift

__all__ = [
    "DayDeduction",
    "DayInputs",
    "DayResult",
    "DayState",
    "DayStatus",
    "Direction",
    "Excuse",
    "ExcuseKind",
    "ExcuseState",
    "Half",
    "MachineActivity",
    "Outage",
    "Punch",
    "SiteMachine",
]

DayState = Literal["provisional", "final"]
DayStatus = Literal["present", "absent", "excused", "official_duty", "off", "unknown"]


class Direction(StrEnum):
    """The direction of a punch as the machine reports it."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


class ExcuseKind(StrEnum):
    """Leave removes the day from the totals; duty counts as worked."""

    LEAVE = "leave"
    DUTY = "duty"


class Half(StrEnum):
    """Which half of the day an excuse covers; `none` means the whole day."""

    NONE = "none"
    MORNING = "morning"
    AFTERNOON = "afternoon"


class ExcuseState(StrEnum):
    """Only an approved excuse has an effect."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Punch:
    """One punch of one person. `trusted`: the direction comes from the machine and is reliable (for example an in-only gate).

    `counted` is False when the punch time is not trusted. `own_site`: whether the machine is at the officer's own site.
    """

    at: datetime
    machine: str
    direction: Direction = Direction.UNKNOWN
    trusted: bool = False
    counted: bool = True
    own_site: bool = True


@dataclass(frozen=True, slots=True)
class Excuse:
    """A leave or duty decision for this date. `code` is a code of the excuse list (`CUTI_SAKIT`, `DINAS_LUAR`)."""

    code: str
    kind: ExcuseKind
    half: Half = Half.NONE
    state: ExcuseState = ExcuseState.APPROVED


@dataclass(frozen=True, slots=True)
class SiteMachine:
    """A machine of the officer's own site, and the time up to which it has uploaded everything.

    `complete_up_to` is None when it never reported. While `clock_ok` is False, its watermark does not count. Outside its
    service there (None: open-ended) it does not keep a day open. `awaited_since`: from when on its silence counts; None:
    from its last report or the start of its service.
    """

    machine: str
    complete_up_to: datetime | None
    clock_ok: bool = True
    in_service_from: datetime | None = None
    in_service_to: datetime | None = None
    awaited_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a machine of the own site (None: the whole site) could not take punches; `end` None: ongoing."""

    start: datetime
    end: datetime | None
    machine: str | None = None


@dataclass(frozen=True, slots=True)
class MachineActivity:
    """A time in which a machine of the own site demonstrably worked: it took punches from anyone."""

    machine: str
    start: datetime
    end: datetime


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
class DayDeduction:
    """A band or case and the percentage of the monthly allowance that it costs on this day."""

    code: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class DayResult:
    """The published day: whole minutes without breaks, times with the unit's UTC offset."""

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
    deductions: tuple[DayDeduction, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def lacked_machine(self) -> bool:
        """Whether a punch may be missing because the site had no working machine: late data of a machine may change the day."""
        return "OUTAGE" in self.reasons or "NO_MACHINE" in self.reasons
