"""When the number of punches that came contradicts the number that the machine stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.attendance.machines.rules.signals import Count, contradicts

NOW = datetime(2026, 8, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "received", "expected"),
    [
        (100, 110, 10, False),
        (100, 110, 12, False),  # two may come between the count and the request that reports it
        (100, 110, 13, True),
        (100, 100, 2, False),
        (100, 100, 3, True),
        (100, 101, 4, True),
        (100, 99, 50, False),  # the log was deleted: another report tells that
        (100, 0, 50, False),
    ],
)
def test_more_punches_than_the_machine_recorded_contradict_it(
    before: int, after: int, received: int, expected: bool
) -> None:
    assert contradicts(Count(before, NOW - timedelta(hours=1)), Count(after, NOW), received) is expected


def test_a_count_is_compared_for_so_many_days() -> None:
    count = Count(100, NOW)
    assert count.within(2, NOW + timedelta(days=2))
    assert not count.within(2, NOW + timedelta(days=2, seconds=1))
