"""A machine's placements follow each other whatever is said of them, and only what changed is judged again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.placements import Placement, changed_since, move, place_anew, redate

DAYS = [datetime(2026, 8, 3, tzinfo=UTC) + timedelta(days=number) for number in range(10)]
UNITS = ["a", "b", None]

ALWAYS = [Placement("a")]
MOVED = [Placement("a", None, DAYS[3]), Placement("b", DAYS[3])]


def said(orders: list[tuple[str | None, datetime]]) -> list[Placement]:
    """The placements after these orders, of which those that cannot be are refused."""
    placements = ALWAYS
    for unit, since in orders:
        try:
            same = unit == placements[-1].org_unit_id
            placements = redate(placements, since) if same else move(placements, unit, since)
        except ValueError:
            continue
        assert (placements[-1].org_unit_id, placements[-1].start) == (unit, since)
    return placements


ORDERS = st.lists(st.tuples(st.sampled_from(UNITS), st.sampled_from(DAYS)), max_size=8).map(said)


def stood(placements: list[Placement], unit: str, moment: datetime) -> bool:
    return any(
        each.org_unit_id == unit
        and (each.start is None or each.start <= moment)
        and (each.end is None or moment < each.end)
        for each in placements
    )


@given(ORDERS)
def test_placements_follow_each_other(placements: list[Placement]) -> None:
    assert placements[-1].end is None
    for former, later in pairwise(placements):
        assert former.end is not None
        assert later.start is not None
        assert former.start is None or former.start < former.end
        assert former.end <= later.start


@given(ORDERS, ORDERS)
def test_only_what_changed_is_judged_again(before: list[Placement], after: list[Placement]) -> None:
    changed = changed_since(before, after)
    for unit in ("a", "b"):
        for moment in [DAYS[0] - timedelta(days=1), *(day + timedelta(hours=1) for day in DAYS)]:
            same = stood(before, unit, moment) == stood(after, unit, moment)
            since = changed.get(unit, DAYS[-1] + timedelta(days=1))
            assert same or since is None or since <= moment


def test_a_move_ends_what_was_before() -> None:
    assert move(ALWAYS, "b", DAYS[3]) == MOVED
    assert changed_since(ALWAYS, MOVED) == {"a": DAYS[3], "b": DAYS[3]}
    assert changed_since(MOVED, MOVED) == {}


def test_what_was_taken_down_before_stays_ended_then() -> None:
    down = [Placement("a", None, DAYS[1])]
    moved = move(down, "b", DAYS[3])
    assert moved == [Placement("a", None, DAYS[1]), Placement("b", DAYS[3])]
    assert redate(moved, DAYS[4]) == [Placement("a", None, DAYS[1]), Placement("b", DAYS[4])]
    assert redate(moved, DAYS[0]) == [Placement("a", None, DAYS[0]), Placement("b", DAYS[0])]


def test_another_moment_moves_the_border() -> None:
    later = [Placement("a", None, DAYS[5]), Placement("b", DAYS[5])]
    assert redate(MOVED, DAYS[5]) == later
    assert changed_since(MOVED, later) == {"a": DAYS[3], "b": DAYS[3]}
    assert redate(ALWAYS, DAYS[2]) == [Placement("a", DAYS[2])]
    assert changed_since(ALWAYS, [Placement("a", DAYS[2])]) == {"a": None}


def test_a_mistake_leaves_no_history() -> None:
    assert place_anew(MOVED, "c") == [Placement("c")]
    assert place_anew([Placement("a", None, DAYS[1])], "b") == [Placement("b", None, DAYS[1])]
    assert changed_since(MOVED, [Placement("b")]) == {"a": None, "b": None}


def test_it_cannot_leave_before_it_came() -> None:
    twice = move(MOVED, "a", DAYS[5])
    for moment in (DAYS[2], DAYS[3]):
        with pytest.raises(ValueError, match="its former unit"):
            redate(twice, moment)
        with pytest.raises(ValueError, match="its former unit"):
            move(MOVED, "c", moment)
