"""A machine's placements never overlap after any orders, and only changed periods are recomputed."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.machines.rules.placements import (
    BEGINNING,
    Placement,
    changed_since,
    move,
    place_anew,
    redate,
    take_back,
    units_changed_since,
)

DAYS = [datetime(2026, 8, 3, tzinfo=UTC) + timedelta(days=number) for number in range(10)]
UNITS = ["a", "b", None]


def at(unit: str | None, start: datetime | None = None, end: datetime | None = None) -> Placement:
    return Placement(unit, "shift", start, end)


ALWAYS = [at("a")]
MOVED = [at("a", None, DAYS[3]), at("b", DAYS[3])]


def said(orders: list[tuple[str | None, str, datetime]]) -> list[Placement]:
    """The placements after these orders; impossible orders are refused."""
    placements = ALWAYS
    for unit, direction, since in orders:
        try:
            if unit == placements[-1].org_unit_id:
                placements = redate(placements, since)
            else:
                placements = move(placements, unit, direction, since)
        except ValueError:
            continue
        assert placements[-1].org_unit_id == unit
        assert stood(placements, unit, since)
    return placements


ORDERS = st.lists(
    st.tuples(st.sampled_from(UNITS), st.sampled_from(["shift", "status"]), st.sampled_from(DAYS)), max_size=8
).map(said)


def place_at(placements: list[Placement], moment: datetime) -> Placement | None:
    found = [
        each
        for each in placements
        if (each.start is None or each.start <= moment) and (each.end is None or moment < each.end)
    ]
    assert len(found) <= 1
    return found[0] if found else None


def stood(placements: list[Placement], unit: str | None, moment: datetime) -> bool:
    place = place_at(placements, moment)
    return place is not None and place.org_unit_id == unit


MOMENTS = [BEGINNING, *(day + timedelta(hours=1) for day in DAYS)]


@given(ORDERS)
def test_placements_follow_each_other(placements: list[Placement]) -> None:
    assert placements[-1].end is None
    for former, later in pairwise(placements):
        assert former.end is not None
        assert later.start is not None
        assert former.start is None or former.start < former.end
        assert former.end <= later.start


@given(ORDERS, ORDERS)
def test_only_what_changed_is_computed_again(before: list[Placement], after: list[Placement]) -> None:
    units, anything = units_changed_since(before, after), changed_since(before, after)
    for moment in MOMENTS:
        for unit in ("a", "b"):
            same = stood(before, unit, moment) == stood(after, unit, moment)
            assert same or units[unit] <= moment
        places = [place_at(side, moment) for side in (before, after)]
        ways = [place and (place.org_unit_id, place.direction_from) for place in places]
        assert ways[0] == ways[1] or (anything is not None and anything <= moment)
    assert not (units and anything is None)


def test_nothing_changed_is_nothing_to_compute() -> None:
    assert units_changed_since(MOVED, MOVED) == {}
    assert changed_since(MOVED, MOVED) is None
    assert changed_since(ALWAYS, [at("b")]) == BEGINNING
    other = [MOVED[0], Placement("b", "status", DAYS[3])]
    assert (units_changed_since(MOVED, other), changed_since(MOVED, other)) == ({}, DAYS[3])


def test_a_move_ends_what_was_before() -> None:
    assert move(ALWAYS, "b", "shift", DAYS[3]) == MOVED
    assert units_changed_since(ALWAYS, MOVED) == {"a": DAYS[3], "b": DAYS[3]}


def test_what_was_taken_down_before_stays_ended_then() -> None:
    down = [at("a", None, DAYS[1])]
    moved = move(down, "b", "shift", DAYS[3])
    assert moved == [at("a", None, DAYS[1]), at("b", DAYS[3])]
    assert redate(moved, DAYS[4]) == [at("a", None, DAYS[1]), at("b", DAYS[4])]
    with pytest.raises(ValueError, match="in service in its previous unit until"):
        move(down, "b", "shift", DAYS[0])
    with pytest.raises(ValueError, match="in service in its previous unit until"):
        redate(moved, DAYS[0])


def test_another_moment_moves_the_border() -> None:
    later = [at("a", None, DAYS[5]), at("b", DAYS[5])]
    assert redate(MOVED, DAYS[5]) == later
    assert redate(later, DAYS[3]) == MOVED
    assert units_changed_since(MOVED, later) == {"a": DAYS[3], "b": DAYS[3]}
    assert redate(ALWAYS, DAYS[2]) == [at("a", DAYS[2])]
    assert units_changed_since(ALWAYS, [at("a", DAYS[2])]) == {"a": BEGINNING}


def test_a_move_can_be_undone() -> None:
    assert take_back(MOVED) == ALWAYS
    assert take_back([MOVED[0], at("b", DAYS[3], DAYS[5])]) == [at("a", None, DAYS[5])]
    assert take_back([at("a", None, DAYS[1]), at("b", DAYS[3])]) == [at("a", None, DAYS[1])]
    with pytest.raises(ValueError, match="never moved"):
        take_back(ALWAYS)


@given(ORDERS, st.sampled_from(["a", "b"]), st.sampled_from(DAYS))
def test_what_is_taken_back_leaves_no_trace(placements: list[Placement], unit: str, since: datetime) -> None:
    with contextlib.suppress(ValueError):
        assert take_back(move(placements, unit, "status", since)) == placements


def test_a_mistake_from_the_beginning_leaves_no_history() -> None:
    assert place_anew(MOVED, "c", "shift") == [at("c")]
    down = [at("a", None, DAYS[1])]
    assert (place_anew(down, "a", "shift"), place_anew(down, "b", "shift")) == (down, [at("b")])
    assert units_changed_since(MOVED, [at("b")]) == {"a": BEGINNING, "b": BEGINNING}


def test_it_cannot_leave_before_it_came() -> None:
    twice = move(MOVED, "a", "shift", DAYS[5])
    for moment in (DAYS[2], DAYS[3]):
        with pytest.raises(ValueError, match="came to its previous unit at"):
            redate(twice, moment)
        with pytest.raises(ValueError, match="came to its previous unit at"):
            move(MOVED, "c", "shift", moment)
