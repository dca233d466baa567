"""Helpers for day status tests: local times in, a computed day out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from services.attendance.days.rules.day_inputs import DayInputs, DayResult
from services.attendance.days.rules.day_status import day_status
from services.attendance.hours.rules.day_hours import DayHours
from services.attendance.hours.rules.schedule import HoursSources, RosterShift, ScheduledShift, scheduled_day
from services.attendance.leave.rules.excuse import Excuse, ExcuseKind
from services.attendance.machines.rules.site import SiteMachine
from services.attendance.punches.rules.punch import Direction, Punch
from services.attendance.regulation.rules.rule_set import AttendanceRules, rules_from_mapping

WIB = ZoneInfo("Asia/Jakarta")
MONDAY = date(2026, 1, 5)
OFFICE = DayHours(time(7, 30), time(16), time(12), time(13))
NIGHT = DayHours(time(22), time(6), break_minutes=60)
LEAVE = Excuse("CUTI_SAKIT", ExcuseKind.LEAVE)
DUTY = Excuse("DINAS_LUAR", ExcuseKind.DUTY)
RULES_FILE = Path(__file__).parents[4] / "rules" / "attendance" / "default.yaml"


@cache
def rules() -> AttendanceRules:
    return rules_from_mapping(yaml.safe_load(RULES_FILE.read_text()))


def local(text: str, day: date = MONDAY, zone: ZoneInfo = WIB) -> datetime:
    """An instant from `07:30:01`; the prefix `+1` means the next date."""
    days = 0
    if text.startswith(("+", "-")):
        days, text = int(text[:2]), text[2:].strip()
    moment = datetime.combine(day + timedelta(days=days), time.fromisoformat(text), zone)
    return moment.astimezone(UTC)


def shift(hours: DayHours = OFFICE, day: date = MONDAY, zone: ZoneInfo = WIB) -> ScheduledShift:
    result = scheduled_day(day, zone, HoursSources(roster={day: RosterShift(hours)}))
    assert isinstance(result, ScheduledShift)
    return result


def punch(text: str, direction: Direction = Direction.UNKNOWN, **changes: Any) -> Punch:
    return Punch(local(text), "m1", direction, trusted=direction is not Direction.UNKNOWN, **changes)


def machine(up_to: str | None = "+1 00:00", **changes: Any) -> SiteMachine:
    return SiteMachine("m1", None if up_to is None else local(up_to), **changes)


def inputs(*punches: str | Punch, **changes: Any) -> DayInputs:
    """A Monday in the office, everything uploaded, unless changed."""
    values: dict[str, Any] = {
        "work_date": MONDAY,
        "zone": WIB,
        "scheduled": shift(),
        "rules": rules(),
        "as_of": local("+1 00:00"),
        "punches": tuple(punch(each) if isinstance(each, str) else each for each in punches),
        "machines": (machine(),),
    }
    return DayInputs(**(values | changes))


def judge(*punches: str | Punch, **changes: Any) -> DayResult:
    return day_status(inputs(*punches, **changes))
