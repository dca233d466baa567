"""The service itself fails in a batch: if one record fails, it is parked; if all fail, the service stops."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from shared.batch_work import BatchWork, Handler
from shared.database import Database
from shared.dead_letters import DeadLetters, Parked
from shared.incoming import Incoming
from shared.poison_limit import BATCH_UNUSABLE_MIN, PoisonLimit, TooManyUnusableError

RECORDS = [Incoming("t", 0, offset, None, b"", ()) for offset in range(64)]


class Store:
    """A store whose transactions keep their parked records, or nothing after an error."""

    def __init__(self) -> None:
        self.kept: list[Parked] = []
        self._parked: list[Parked] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        self._parked = []
        yield
        self.kept += self._parked

    async def park(self, _: Any, parked: Sequence[Parked]) -> int:
        self._parked += parked
        return len(parked)


def work(store: Store, handler: Any) -> BatchWork:
    return BatchWork(cast(Database, store), cast(DeadLetters, store), cast(Handler, handler), PoisonLimit(1_000))


async def test_one_that_the_service_fails_at_stands_alone() -> None:
    applied: set[int] = set()

    async def handler(_: Any, records: Sequence[Incoming]) -> list[Parked]:
        if any(record.offset == 13 for record in records):
            raise ValueError("a bug")
        applied.update(record.offset for record in records)
        return []

    store = Store()
    await work(store, handler).apply(RECORDS)
    assert [(item.record.offset, item.reason, item.detail) for item in store.kept] == [
        (13, "HANDLER_FAILED", "ValueError")
    ]
    assert applied == set(range(64)) - {13}


async def test_a_release_that_fails_at_all_of_them_stops() -> None:
    async def handler(_: Any, records: Sequence[Incoming]) -> list[Parked]:
        raise ValueError("a bug")

    store = Store()
    with pytest.raises(TooManyUnusableError, match=r"t/0/.*HANDLER_FAILED"):
        await work(store, handler).apply(RECORDS)
    assert len(store.kept) < max(BATCH_UNUSABLE_MIN, len(RECORDS) // 2)
