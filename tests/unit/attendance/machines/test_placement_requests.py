"""What an operator may say about a machine's place, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.attendance.machines.rules.placements import Placement, PlacementRequest, Since, place
from shared.errors.errors import ConflictError, InvalidError

NOW = datetime(2026, 8, 20, 5, tzinfo=UTC)
DAYS = [datetime(2026, 8, 3, tzinfo=UTC) + timedelta(days=number) for number in range(10)]

ALWAYS = [Placement("a", "shift")]
MOVED = [Placement("a", "shift", None, DAYS[3]), Placement("b", "shift", DAYS[3])]
RETIRED = [Placement("a", "shift", None, DAYS[3])]


def placed(
    before: list[Placement], unit: str | None, since: Since = None, *, has_data: bool = True, **more: Any
) -> list[Placement]:
    return place(before, PlacementRequest(unit, "shift", since, **more), has_data=has_data, now=NOW)


@pytest.mark.parametrize(("since", "start"), [(None, None), ("always", None), (DAYS[2], DAYS[2]), (NOW, NOW)], ids=str)
def test_a_new_machine_is_in_its_unit_from_the_beginning_or_from_the_time_said(
    since: Since, start: datetime | None
) -> None:
    assert placed([], "a", since) == [Placement("a", "shift", start)]


def test_a_machine_without_data_changes_its_unit_without_a_time() -> None:
    assert placed(ALWAYS, "b", has_data=False) == [Placement("b", "shift")]
    with pytest.raises(
        ConflictError, match=r"^The machine has already sent data.*Set `in_unit_from`.*or \"always\"\.$"
    ):
        placed(ALWAYS, "b")


def test_in_the_same_unit_only_the_source_of_directions_changes() -> None:
    request = PlacementRequest("b", "status")
    assert place(MOVED, request, has_data=True, now=NOW) == [MOVED[0], Placement("b", "status", DAYS[3])]


def test_a_move_has_a_time_and_keeps_the_former_place() -> None:
    assert placed(ALWAYS, "b", DAYS[3]) == MOVED
    assert placed(MOVED, None, DAYS[5]) == [
        MOVED[0],
        Placement("b", "shift", DAYS[3], DAYS[5]),
        Placement(None, "shift", DAYS[5]),
    ]


def test_the_time_of_the_last_move_is_corrected_with_the_direction() -> None:
    request = PlacementRequest("b", "status", DAYS[5])
    assert place(MOVED, request, has_data=True, now=NOW) == [
        Placement("a", "shift", None, DAYS[5]),
        Placement("b", "status", DAYS[5]),
    ]


def test_always_leaves_no_former_place() -> None:
    assert placed(MOVED, "b", "always") == [Placement("b", "shift")]
    assert placed(MOVED, "c", "always") == [Placement("c", "shift")]


@pytest.mark.parametrize("since", [DAYS[3], DAYS[5]])
def test_a_machine_that_returns_to_its_unit_was_away_in_between(since: datetime) -> None:
    assert placed(RETIRED, "a", since) == [*RETIRED, Placement("a", "shift", since)]


def test_a_time_before_the_end_of_its_service_corrects_the_time_it_came() -> None:
    assert placed(RETIRED, "a", DAYS[2]) == [Placement("a", "shift", DAYS[2], DAYS[3])]


def test_the_end_of_service_is_kept_set_and_taken_away() -> None:
    assert placed(RETIRED, "a") == RETIRED
    assert placed(RETIRED, "a", ends=None) == ALWAYS
    assert placed(ALWAYS, "a", ends=DAYS[3]) == RETIRED
    assert placed(MOVED, "b", ends=DAYS[5]) == [MOVED[0], Placement("b", "shift", DAYS[3], DAYS[5])]
    # in another unit it is in service again
    assert placed(RETIRED, "b", has_data=False) == [Placement("b", "shift")]
    assert placed(RETIRED, "b", "always") == [Placement("b", "shift")]


@pytest.mark.parametrize(
    ("before", "unit", "since", "ends", "message"),
    [
        (ALWAYS, "b", NOW + timedelta(seconds=1), "unchanged", r"^`in_unit_from` is in the future\. Send the request"),
        ([], "b", NOW + timedelta(seconds=1), "unchanged", r"^`in_unit_from` is in the future\. Send the request"),
        (
            MOVED,
            "c",
            DAYS[3],
            "unchanged",
            r"^`in_unit_from` is too early: the machine came to its previous unit at 2026-08-06T00:00:00\+00:00\. Use a",
        ),
        (
            RETIRED,
            "b",
            DAYS[2],
            "unchanged",
            r"^`in_unit_from` is too early: the machine was in service in its previous unit until 2026-08-06T00:00:00\+00:00\.",
        ),
        (
            ALWAYS,
            "b",
            DAYS[3],
            DAYS[3],
            r"^`in_service_to` is the end .* must be after `in_unit_from`\. To set the end",
        ),
        (
            ALWAYS,
            "b",
            DAYS[3],
            DAYS[2],
            r"^`in_service_to` is the end .* must be after `in_unit_from`\. To set the end",
        ),
        (MOVED, "b", None, DAYS[3], r"^`in_service_to` is the end .* must be after `in_unit_from`\. To set the end"),
    ],
)
def test_an_impossible_time_is_refused(
    before: list[Placement], unit: str, since: Since, ends: Any, message: str
) -> None:
    with pytest.raises(InvalidError, match=message):
        placed(before, unit, since, ends=ends)
