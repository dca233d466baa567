"""Hours of a week, from data."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.attendance.hours.rules.schedule import WeekKind
from services.attendance.hours.rules.week_hours import week_file, week_hours
from shared.base.rule_models import RuleError

DEFAULT = Path(__file__).parents[4] / "rules" / "attendance" / "week-schedule.yaml"


def test_the_default_week_has_37_hours_and_a_half() -> None:
    week = week_hours(yaml.safe_load(DEFAULT.read_text())["days"])
    worked = timedelta()
    for hours in week.hours.values():
        span, break_from, break_to = hours.offsets()
        worked += span - (break_to - break_from)
    assert worked == timedelta(hours=37, minutes=30)
    assert (week.first_minute, week.last_minute) == (450, 990)
    assert sorted(week.hours) == [0, 1, 2, 3, 4]


def test_a_night_ends_after_midnight() -> None:
    week = week_hours({"saturday": {"start": "22:00", "end": "06:00", "break_minutes": 60}})
    assert (week.first_minute, week.last_minute) == (1320, 1800)
    assert isinstance(week.last_minute, int)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({}, "at least one"),
        ({"senin": {}}, "unknown senin; known are friday, monday"),
        ({"monday": []}, "monday: expected a mapping, not list"),
        ({"monday": {"start": "07:30"}}, "monday.end is missing"),
        ({"monday": {"start": "7:30", "end": "16:00"}}, "07:30"),
        ({"monday": {"start": "24:00", "end": "16:00"}}, "07:30"),
        ({"monday": {"start": "07:30", "end": "16:00", "break_minutes": True}}, "whole number"),
        ({"monday": {"start": "07:30", "end": "08:00", "break_minutes": 31}}, "inside the shift"),
        ({"monday": {"start": "07:30", "end": "16:00", "break_start": "12:00"}}, "together"),
        ({"monday": {"start": "07:30", "end": "16:00", "lunch": "12:00"}}, "monday: unknown lunch; known are"),
    ],
)
def test_wrong_hours_are_refused_with_the_weekday(days: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleError, match=words):
        week_hours(days)


def test_the_file_of_the_first_week_is_read() -> None:
    week = week_file(yaml.safe_load(DEFAULT.read_text()))
    assert (week.kind, week.effective_from) == (WeekKind.FIVE_DAY, date(2023, 5, 1))
    assert week.name.startswith("Jam kerja lima hari")
    assert (week.days["friday"].start, week.days["friday"].end) == (time(7, 30), time(16, 30))


def test_an_error_begins_with_what_was_read() -> None:
    with pytest.raises(RuleError, match=r"^week schedule: "):
        week_file({})
    with pytest.raises(RuleError, match=r"^hours: "):
        week_hours({"monday": {}})


def test_a_week_without_hours_is_refused_with_what_to_add() -> None:
    sentence = 'Give at least one weekday its hours in `days`, as in "monday": {"start": "07:30", "end": "16:00"}'
    with pytest.raises(RuleError) as refused:
        week_hours({})
    assert refused.value.detail == f"{sentence}."
    with pytest.raises(RuleError) as refused:
        week_file(yaml.safe_load(DEFAULT.read_text()) | {"days": {}})
    assert refused.value.detail == f"week schedule: days: {sentence}"
