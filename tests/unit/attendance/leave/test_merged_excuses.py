"""Which of several leave and duty decisions counts for each half of a day, and which one names the day."""

from __future__ import annotations

import pytest

from services.attendance.leave.rules.excuse import Excuse, ExcuseKind, ExcuseState, Half
from services.attendance.leave.rules.excuses import MergedExcuses, merge_excuses, whole_day_excuse


def leave(code: str, half: Half = Half.NONE, state: ExcuseState = ExcuseState.APPROVED) -> Excuse:
    return Excuse(code, ExcuseKind.LEAVE, half, state)


def duty(code: str, half: Half = Half.NONE) -> Excuse:
    return Excuse(code, ExcuseKind.DUTY, half)


@pytest.mark.parametrize(
    ("excuses", "morning", "afternoon"),
    [
        ([], None, None),
        ([leave("B")], "B", "B"),
        ([leave("B", Half.MORNING)], "B", None),
        ([leave("B", Half.AFTERNOON)], None, "B"),
        ([duty("A"), leave("B")], "B", "B"),  # leave before duty
        ([duty("A"), leave("B", Half.MORNING)], "B", "A"),
        ([leave("A", Half.MORNING), leave("B")], "B", "B"),  # the whole day before a half
        ([leave("B"), leave("A")], "A", "A"),  # then by code
        ([*(leave("A", state=state) for state in ExcuseState if state is not ExcuseState.APPROVED)], None, None),
    ],
)
def test_one_approved_decision_counts_for_each_half(
    excuses: list[Excuse], morning: str | None, afternoon: str | None
) -> None:
    for order in (excuses, excuses[::-1]):
        merged = merge_excuses(order)
        codes = [None if half is None else half.code for half in (merged.morning, merged.afternoon)]
        assert codes == [morning, afternoon]


@pytest.mark.parametrize(
    ("morning", "afternoon", "code"),
    [
        (leave("A"), None, None),
        (None, leave("A"), None),
        (leave("A"), leave("B"), "A"),
        (duty("A"), duty("B"), "A"),
        (leave("A"), duty("B"), "B"),
        (duty("A"), leave("B"), "A"),
    ],
)
def test_the_half_on_duty_names_the_day_otherwise_the_morning(
    morning: Excuse | None, afternoon: Excuse | None, code: str | None
) -> None:
    whole = whole_day_excuse(MergedExcuses(morning, afternoon))
    assert (whole and whole.code) == code
