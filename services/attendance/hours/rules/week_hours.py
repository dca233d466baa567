"""Converts the hours of a week from data (weekday names, HH:MM strings) to the form that the rules use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Annotated, Final

import pydantic.dataclasses
from pydantic import AfterValidator, TypeAdapter

from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import WeekKind
from shared.base.rule_models import Day, RuleError, RulePart, Text, checked, fault, only

__all__ = ["WEEKDAYS", "WeekFile", "WeekHours", "week_file", "week_hours"]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_NO_HOURS = 'Give at least one weekday its hours in `days`, as in "monday": {"start": "07:30", "end": "16:00"}'


def _some(days: Mapping[str, DayHours]) -> Mapping[str, DayHours]:
    if not days:
        raise fault(_NO_HOURS)
    return days


_Days = Annotated[
    Mapping[str, Annotated[DayHours, only(*(field.name for field in fields(DayHours)))]],
    only(*WEEKDAYS),
    AfterValidator(_some),
]


@dataclass(frozen=True, slots=True)
class WeekHours:
    """Hours by weekday (0 = Monday), and the earliest start and latest end in minutes from local midnight."""

    hours: Mapping[int, DayHours]
    first_minute: int
    last_minute: int


@pydantic.dataclasses.dataclass(frozen=True, slots=True)
class WeekFile(RulePart):
    """The rule file of the city's first week."""

    name: Text
    kind: WeekKind
    effective_from: Day
    days: _Days


_WEEK = TypeAdapter(WeekFile)
_HOURS: TypeAdapter[Mapping[str, DayHours]] = TypeAdapter(_Days)


def week_file(document: object) -> WeekFile:
    """The week of a rule file. Raises RuleError."""
    return checked(_WEEK, document, "week schedule")


def week_hours(days: object) -> WeekHours:
    """Parses weekday name → {start, end, break_start, break_end | break_minutes}. Raises RuleError."""
    if days == {}:
        raise RuleError(f"{_NO_HOURS}.")
    hours = {WEEKDAYS.index(name): day for name, day in checked(_HOURS, days, "hours").items()}
    starts = {weekday: day.start.hour * 60 + day.start.minute for weekday, day in hours.items()}
    ends = [starts[weekday] + day.offsets()[0] // timedelta(minutes=1) for weekday, day in hours.items()]
    return WeekHours(hours, min(starts.values()), max(ends))
