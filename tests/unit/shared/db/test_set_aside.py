"""A failing row is found by halving and left out for a while; no other row waits for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from shared.db import set_aside
from shared.db.set_aside import RETRY_SECONDS_FIRST, SET_ASIDE_MAX, Batches
from shared.observability.metrics import Metrics


@dataclass
class Table:
    """Rows that are processed in order, in transactions."""

    batches: Batches[int]
    waiting: list[int]
    bad: set[int]
    done: list[int] = field(default_factory=list)
    tries: int = 0
    error: type[Exception] = ValueError

    async def work(self) -> bool:
        self.tries += 1
        most = self.batches.most
        taken = [row for row in self.waiting if row not in self.batches.without][:most]
        self.batches.took(taken)
        if self.bad & set(taken):
            raise self.error("a row that cannot be used")
        self.done += taken
        self.waiting = [row for row in self.waiting if row not in taken]
        return len(taken) == most

    async def run(self) -> None:
        while await self.batches.run(self.work):
            pass


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("scoring")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(set_aside, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def gauge(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value("kinerja_rows_set_aside", {"task": "scores"}) or 0.0


@pytest.mark.parametrize("bad", [{0}, {499}, {1_199}, {0, 1, 2, 700}])
async def test_all_others_are_done(metrics: Metrics, clock: SimpleNamespace, bad: set[int]) -> None:
    table = Table(Batches("scores", 500, metrics), list(range(1_200)), bad)
    await table.run()
    assert sorted(table.done) == [row for row in range(1_200) if row not in bad]
    assert table.waiting == sorted(bad)
    assert gauge(metrics) == len(bad)
    assert table.tries < 60 * len(bad), "it is not looked for row by row"


async def test_it_is_tried_again_after_a_pause_that_grows(metrics: Metrics, clock: SimpleNamespace) -> None:
    table = Table(Batches("scores", 500, metrics), [1, 2], {1})
    await table.run()
    for pause in (60, 120, 240, 480, 600, 600):
        tries = table.tries
        clock.now += pause - 1
        table.waiting.append(2)
        await table.run()
        assert table.waiting == [1]
        assert table.tries == tries + 1, "only the batch of the other row"
        clock.now += 1
        await table.run()
        assert gauge(metrics) == 1
    table.bad = set()
    clock.now += 600
    await table.run()
    assert (table.waiting, gauge(metrics)) == ([], 0)


async def test_one_that_does_not_come_again_is_forgotten(metrics: Metrics, clock: SimpleNamespace) -> None:
    table = Table(Batches("scores", 500, metrics), [1], {1})
    await table.run()
    table.waiting = []
    clock.now += RETRY_SECONDS_FIRST + 700
    await table.run()
    assert gauge(metrics) == 0


async def test_a_fault_of_all_rows_or_of_none_is_the_tasks_own(metrics: Metrics, clock: SimpleNamespace) -> None:
    everything = Table(Batches("scores", 500, metrics), list(range(300)), set(range(300)))
    with pytest.raises(ValueError, match="a row that cannot be used"):
        await everything.run()
    assert gauge(metrics) == SET_ASIDE_MAX

    async def without_rows() -> bool:
        raise ValueError("no rows were taken")

    with pytest.raises(ValueError, match="no rows were taken"):
        await Batches("scores", 500, metrics).run(without_rows)


async def test_a_store_that_is_away_sets_nothing_aside(metrics: Metrics, clock: SimpleNamespace) -> None:
    table = Table(Batches("scores", 500, metrics), [1], {1}, error=ConnectionError)
    with pytest.raises(ConnectionError):
        await table.run()
    assert (table.batches.most, gauge(metrics)) == (500, 0)
