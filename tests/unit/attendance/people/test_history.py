"""Values of an officer that change on dates."""

from __future__ import annotations

from datetime import date

import pytest

from services.attendance.people.rules.history import (
    Span,
    Step,
    changed_employment,
    changed_span,
    employment,
    present_since,
    restated,
    value_on,
    with_step,
    without_step,
)


def on(day: int) -> date:
    return date(2026, 8, day)


STEPS: list[Step[str]] = [(on(3), "a"), (on(10), "b"), (on(20), "b")]


@pytest.mark.parametrize(("day", "value"), [(1, "a"), (3, "a"), (9, "a"), (10, "b"), (31, "b")])
def test_a_value_is_valid_from_its_date_on_and_the_first_one_before_it_too(day: int, value: str) -> None:
    assert value_on(STEPS, on(day)) == value


def test_a_step_is_added_in_the_order_of_dates_and_replaces_one_of_its_date() -> None:
    assert with_step(STEPS, on(5), "c") == [STEPS[0], (on(5), "c"), STEPS[1], STEPS[2]]
    assert with_step(STEPS, on(1), "c") == [(on(1), "c"), *STEPS]
    assert with_step(STEPS, on(10), "c") == [STEPS[0], (on(10), "c"), STEPS[2]]


def test_a_step_is_taken_out_but_not_the_only_one() -> None:
    assert without_step(STEPS, on(10)) == [STEPS[0], STEPS[2]]
    with pytest.raises(KeyError) as missing:
        without_step(STEPS, on(11))
    assert missing.value.args == (on(11),)
    with pytest.raises(ValueError, match="the only step"):
        without_step([STEPS[0]], on(3))


@pytest.mark.parametrize(
    ("value", "since", "today", "after"),
    [
        # without a start, only another value is a change, from today on
        ("b", None, 15, STEPS),
        ("c", None, 15, [*STEPS[:2], (on(15), "c"), STEPS[2]]),
        # with a start, the value began then: what was between it and today is gone
        ("b", 12, 15, [STEPS[0], (on(12), "b"), STEPS[2]]),
        ("b", 10, 15, STEPS),
        ("b", 10, 20, STEPS[:2]),
        ("c", 5, 15, [STEPS[0], (on(5), "c"), STEPS[2]]),
        ("c", 3, 15, [(on(3), "c"), STEPS[2]]),
        ("c", 5, 20, [STEPS[0], (on(5), "c")]),
        ("c", 25, 15, [*STEPS, (on(25), "c")]),
        ("c", 20, 15, [*STEPS[:2], (on(20), "c")]),
        # the same value before it is not said twice
        ("b", 25, 27, [STEPS[0], (on(25), "b")]),
        ("a", 5, 5, [(on(5), "a"), *STEPS[1:]]),
    ],
)
def test_an_import_states_the_present_value(value: str, since: int | None, today: int, after: list[Step[str]]) -> None:
    assert restated(STEPS, value, None if since is None else on(since), on(today)) == after


@pytest.mark.parametrize(("today", "since"), [(1, 3), (3, 3), (9, 3), (10, 10), (19, 10), (20, 10), (31, 10)])
def test_the_present_value_began_at_its_first_step_without_interruption(today: int, since: int) -> None:
    assert present_since(STEPS, on(today)) == on(since)


def test_a_value_that_came_back_began_when_it_came_back() -> None:
    steps: list[Step[str]] = [(on(3), "a"), (on(10), "b"), (on(20), "a")]
    assert present_since(steps, on(25)) == on(20)


def test_the_dates_of_employment_are_both_included_and_may_have_no_end() -> None:
    span = employment(on(3), on(10))
    assert [day for day in range(1, 13) if on(day) in span] == list(range(3, 11))
    assert employment(on(3), None) == Span(on(3), date.max)


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (STEPS, None),
        (STEPS[:2], None),  # confirmed twice or once is the same value
        ([(on(3), "a"), (on(12), "b")], Span(on(10), on(11))),
        ([(on(3), "a"), (on(8), "b")], Span(on(8), on(9))),
        ([(on(3), "c"), (on(10), "b")], Span(date.min, on(9))),
        ([(on(3), "a")], Span(on(10), date.max)),
        ([(on(3), "a"), (on(5), "c"), (on(6), "a"), (on(10), "b"), (on(25), "c"), (on(27), "b")], Span(on(5), on(26))),
    ],
)
def test_the_changed_span_goes_from_the_first_to_the_last_date_that_differs(
    after: list[Step[str]], changed: Span | None
) -> None:
    assert changed_span(STEPS, after) == changed
    assert changed_span(after, STEPS) == changed


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (Span(on(3), on(20)), []),
        (Span(on(5), on(20)), [Span(on(3), on(5))]),
        (Span(on(1), on(20)), [Span(on(1), on(3))]),
        (Span(on(3), date.max), [Span(on(20), date.max)]),
        (Span(on(1), on(15)), [Span(on(1), on(3)), Span(on(15), on(20))]),
    ],
)
def test_a_changed_employment_gives_the_dates_at_its_borders(after: Span, changed: list[Span]) -> None:
    assert changed_employment(Span(on(3), on(20)), after) == changed
