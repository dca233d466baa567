"""What makes an entry of the roster valid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from services.attendance.shifts.rules.entry import Entry, Shift, shift_fault

MONDAY = date(2026, 1, 5)
EVENING = datetime(2026, 1, 5, 22)  # noqa: DTZ001 - local time of the unit
NIGHT = Shift(UUID(int=1), MONDAY, EVENING, EVENING + timedelta(hours=8), 60)
OFF = Shift(UUID(int=1), MONDAY)


@pytest.mark.parametrize(
    ("shift", "kind"),
    [
        (NIGHT, Entry.SHIFT),
        (OFF, Entry.OFF),
        (replace(OFF, entry=Entry.NONE), Entry.NONE),
        (replace(OFF, entry=Entry.SHIFT), Entry.SHIFT),
    ],
)
def test_without_a_kind_the_times_decide(shift: Shift, kind: Entry) -> None:
    assert shift.kind is kind


@pytest.mark.parametrize(
    "shift",
    [
        NIGHT,
        replace(NIGHT, entry=Entry.SHIFT),
        replace(NIGHT, break_minutes=0),
        replace(NIGHT, break_minutes=479),
        replace(NIGHT, ends_at=EVENING + timedelta(days=1)),
        replace(NIGHT, ends_at=EVENING + timedelta(minutes=1), break_minutes=0),
        OFF,
        replace(OFF, entry=Entry.OFF),
        replace(OFF, entry=Entry.NONE),
    ],
)
def test_a_valid_entry_has_no_fault(shift: Shift) -> None:
    assert shift_fault(shift) is None


@pytest.mark.parametrize(
    ("shift", "field", "message"),
    [
        (
            replace(NIGHT, ends_at=None),
            "ends_at",
            "is required, because the shift has a start; a day off has neither",
        ),
        (
            replace(NIGHT, starts_at=None),
            "starts_at",
            "is required, because the shift has an end; a day off has neither",
        ),
        (replace(OFF, entry=Entry.SHIFT), "starts_at", "is required: a shift has a start and an end"),
        (replace(OFF, break_minutes=1), "break_minutes", "must be empty or 0: only a shift has a break"),
        (replace(NIGHT, entry=Entry.OFF), "starts_at", "must be empty: only a shift has times"),
        (replace(NIGHT, entry=Entry.NONE), "starts_at", "must be empty: only a shift has times"),
        (
            replace(NIGHT, work_date=MONDAY - timedelta(days=1)),
            "starts_at",
            "must be on work_date: a shift belongs to the date on which it starts",
        ),
        (replace(NIGHT, ends_at=EVENING), "ends_at", "must be after the start, by at most 24 hours"),
        (
            replace(NIGHT, ends_at=EVENING - timedelta(hours=1)),
            "ends_at",
            "must be after the start, by at most 24 hours",
        ),
        (
            replace(NIGHT, ends_at=EVENING + timedelta(days=1, minutes=1)),
            "ends_at",
            "must be after the start, by at most 24 hours",
        ),
        (replace(NIGHT, break_minutes=480), "break_minutes", "must be shorter than the shift"),
    ],
)
def test_a_wrong_entry_names_the_field_and_what_it_must_be(shift: Shift, field: str, message: str) -> None:
    assert shift_fault(shift) == (field, message)


def test_each_kind_is_written_in_lower_case_in_files_and_the_api() -> None:
    assert [kind.value for kind in Entry] == ["shift", "off", "none"]
