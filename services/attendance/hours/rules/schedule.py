"""Which shift an officer has on a date: roster first, then the calendar, then the week schedule.

An officer who works by roster only has only the roster's hours: neither week schedule nor calendar applies to a date
without an entry. Times of day are local to the unit. The computed shift of a date is in UTC, so that punches compare
with it directly. A date without any schedule is off: it can never be an absence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.validity import latest_on

__all__ = [
    "CalendarDay",
    "CalendarKind",
    "HoursSources",
    "MissingEntry",
    "OffDay",
    "RosterOff",
    "RosterShift",
    "ScheduleOverride",
    "Scheduled",
    "ScheduledShift",
    "UnconfirmedHoliday",
    "WeekKind",
    "WeekSchedule",
    "scheduled_day",
]

_MINUTE = timedelta(minutes=1)


class WeekKind(StrEnum):
    """The number of working days in the ordinary week."""

    FIVE_DAY = "five_day"
    SIX_DAY = "six_day"


class CalendarKind(StrEnum):
    """How the joint ministerial decree classifies a date."""

    HOLIDAY = "holiday"
    COLLECTIVE_LEAVE = "collective_leave"


@dataclass(frozen=True, slots=True)
class WeekSchedule:
    """The ordinary week from a date on: hours by weekday (0 = Monday). A weekday without hours is a rest day."""

    kind: WeekKind
    hours: Mapping[int, DayHours]
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class ScheduleOverride:
    """Different hours for the weeks of one kind between two dates (both included), for example during Ramadan.

    It changes the hours of working days only. Rest days stay rest days, and rosters do not change.
    """

    code: str
    kind: WeekKind
    hours: Mapping[int, DayHours]
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class RosterShift:
    """An explicit shift on a date. It may end on the next date; it belongs to the date on which it starts."""

    hours: DayHours


@dataclass(frozen=True, slots=True)
class RosterOff:
    """An explicit day off on the roster."""

    code: str = "LEPAS_PIKET"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A date of the calendar. An unconfirmed one (awaiting a decree) leaves the day open."""

    kind: CalendarKind
    code: str
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class ScheduledShift:
    """The computed shift of a date, all instants in UTC. `reasons` says where the hours come from.

    Without a break, both `break_start` and `break_end` are the middle of the shift, where the half days meet.
    """

    work_date: date
    start: datetime
    end: datetime
    break_start: datetime
    break_end: datetime
    reasons: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        """Whole minutes to work, without the break."""
        return (self.end - self.start - (self.break_end - self.break_start)) // _MINUTE


@dataclass(frozen=True, slots=True)
class OffDay:
    """A day off. `code` becomes the excuse code (holiday, collective leave); None for a plain rest day."""

    code: str | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnconfirmedHoliday:
    """A holiday without a decree yet: the day is unknown until the holiday is confirmed or dropped."""

    code: str
    shift: ScheduledShift
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingEntry:
    """A date without a roster entry of an officer who works by roster only, where the rules require a complete roster.

    Nobody knows yet whether the officer had to work: the day is unknown until the entry arrives.
    """

    reasons: tuple[str, ...] = ("ROSTER_NO_ENTRY",)


Scheduled = ScheduledShift | OffDay | UnconfirmedHoliday | MissingEntry


@dataclass(frozen=True, slots=True)
class HoursSources:
    """What can give an officer hours on a date.

    Of several week schedules valid on the date, the one that starts last counts; of equal ones, the first in the list.
    `by_roster`: whether the officer works by roster only on the date; see `services.attendance.hours.rules.by_roster`.
    """

    schedules: Sequence[WeekSchedule] = ()
    overrides: Sequence[ScheduleOverride] = ()
    roster: Mapping[date, RosterShift | RosterOff] = field(default_factory=dict)
    calendar: Mapping[date, CalendarDay] = field(default_factory=dict)
    by_roster: bool = False
    roster_must_be_complete: bool = False


def scheduled_day(work_date: date, zone: ZoneInfo, sources: HoursSources) -> Scheduled:
    """What is scheduled on the date for one officer, in the unit's time zone.

    A roster entry has precedence over the calendar and the week. A rest day stays a plain rest day when it is also a
    holiday.
    """
    entry = sources.roster.get(work_date)
    if isinstance(entry, RosterOff):
        return OffDay(entry.code, ("ROSTER_OFF",))
    if entry is not None:
        return _shift_on(work_date, zone, entry.hours, ("ROSTER",))
    if sources.by_roster:
        return MissingEntry() if sources.roster_must_be_complete else OffDay(None, ("ROSTER_NO_ENTRY",))
    week = latest_on(work_date, sources.schedules)
    if week is None:
        return OffDay(None, ("NO_SCHEDULE",))
    hours = week.hours.get(work_date.weekday())
    if hours is None:
        return OffDay(None, ("REST_DAY",))
    override = _override_on(work_date, week, sources.overrides)
    if override is None:
        shift = _shift_on(work_date, zone, hours, ())
    else:
        shift = _shift_on(work_date, zone, override.hours[work_date.weekday()], (override.code,))
    day = sources.calendar.get(work_date)
    if day is None:
        return shift
    if not day.confirmed:
        return UnconfirmedHoliday(day.code, shift, ("HOLIDAY_UNCONFIRMED",))
    return OffDay(day.code, (day.kind.value.upper(),))


def _override_on(work_date: date, week: WeekSchedule, overrides: Sequence[ScheduleOverride]) -> ScheduleOverride | None:
    """The override with hours for this weekday of this kind of week; of several, the one that starts last."""
    weekday = work_date.weekday()
    return latest_on(work_date, (each for each in overrides if each.kind is week.kind and weekday in each.hours))


def _shift_on(work_date: date, zone: ZoneInfo, hours: DayHours, reasons: tuple[str, ...]) -> ScheduledShift:
    # Wall-clock durations are added before the conversion to UTC, so a clock change inside a shift follows the zone.
    span, break_from, break_to = hours.offsets()
    start = datetime.combine(work_date, hours.start, zone)
    borders = (start, start + span, start + break_from, start + break_to)
    in_utc = [border.astimezone(UTC) for border in borders]
    return ScheduledShift(work_date, in_utc[0], in_utc[1], in_utc[2], in_utc[3], reasons)
