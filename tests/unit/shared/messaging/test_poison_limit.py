"""When a consumer stops instead of parking more records."""

from __future__ import annotations

import pytest

from shared.messaging.consuming.poison_limit import BATCH_UNUSABLE_MIN, PoisonLimit, TooManyUnusableError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_single_bad_records_of_an_idle_service_are_parked() -> None:
    limit = PoisonLimit(100)
    for _ in range(100):
        limit.begin(1)
        limit.check(1)
        limit.count(1)


@pytest.mark.parametrize(
    ("batch", "parked", "stops"), [(500, 249, False), (500, 250, True), (20, 19, False), (20, 20, True)]
)
def test_half_of_a_batch(batch: int, parked: int, *, stops: bool) -> None:
    limit = PoisonLimit(10_000)
    limit.begin(batch)
    if stops:
        with pytest.raises(TooManyUnusableError, match=f"{parked} of {batch} records"):
            limit.check(parked)
    else:
        limit.check(parked)


def test_parts_of_a_batch_count_together() -> None:
    limit = PoisonLimit(10_000)
    limit.begin(30)
    for _ in range(BATCH_UNUSABLE_MIN - 1):
        limit.check(1)
        limit.count(1)
    with pytest.raises(TooManyUnusableError):
        limit.check(1)
    limit.begin(30)
    limit.check(1)


def test_a_minute_forgets() -> None:
    clock = Clock()
    limit = PoisonLimit(30, clock)
    for second in range(30):
        clock.now = float(second)
        limit.begin(100)
        limit.check(1)
        limit.count(1)
    with pytest.raises(TooManyUnusableError, match="31 records within a minute"):
        limit.check(1)
    clock.now = 60.0  # the first is a minute old
    limit.check(1)


def test_none_where_an_operator_lets_them_be_parked() -> None:
    limit = PoisonLimit(0)
    limit.begin(1_000)
    limit.check(1_000)


def test_a_batch_that_was_not_announced_counts_from_zero() -> None:
    limit = PoisonLimit(10_000)
    limit.check(BATCH_UNUSABLE_MIN - 1)
    with pytest.raises(TooManyUnusableError):
        limit.check(BATCH_UNUSABLE_MIN)
