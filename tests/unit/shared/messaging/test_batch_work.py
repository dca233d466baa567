"""A batch fails: one record that the service fails at is parked, all of them stop it, and a fault of the store parks none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.db.database import Database
from shared.errors.errors import UnavailableError
from shared.messaging.consuming.batch_work import BatchWork, Handler
from shared.messaging.consuming.dead_letters import DeadLetters, Parked
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.consuming.poison_limit import BATCH_UNUSABLE_MIN, PoisonLimit, TooManyUnusableError
from tests.fixtures.logs import captured_logs

STORE_FAULTS = {
    "serialization failure": "40001",
    "deadlock": "40P01",
    "lock not available": "55P03",
    "statement timeout": "57014",
    "read-only standby": "25006",
    "too many connections": "53300",
    "out of memory": "53200",
    "full disk": "53100",
    "shutdown": "57P01",
    "crash": "57P02",
    "still starting": "57P03",
    "idle session ended": "57P05",
    "connection lost": "08006",
    "connection refused": "08001",
    "input/output error": "58030",
}
"""SQLSTATE codes after which the same batch can succeed."""
DATA_FAULTS = {"number out of range": "22003", "not unique": "23505", "missing table": "42P01"}
"""SQLSTATE codes that the same record causes each time."""
RECORDS = [Incoming("t", 0, offset, None, b"", ()) for offset in range(64)]


@pytest.fixture(autouse=True)
def plain_log() -> Iterator[None]:
    """The log as in production: a terminal's coloured tracebacks of nested halves take minutes."""
    with captured_logs():
        yield


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


def refused(sqlstate: str | None, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    """An error as SQLAlchemy raises it for the driver's."""
    cause: Any = Exception("words of the store")
    if sqlstate is not None:
        cause.sqlstate = sqlstate
    return kind("insert", {}, cause)


def disconnected() -> DBAPIError:
    return DBAPIError("insert", {}, Exception("the connection is closed"), connection_invalidated=True)


FAULTS = [pytest.param(refused(code), id=name) for name, code in STORE_FAULTS.items()] + [
    pytest.param(refused(None, InterfaceError), id="driver's interface"),
    pytest.param(disconnected(), id="closed connection"),
    pytest.param(PoolTimeoutError(), id="no free connection"),
    pytest.param(ConnectionRefusedError(), id="no server"),
    pytest.param(TimeoutError(), id="no answer"),
    pytest.param(UnavailableError("too slow"), id="too slow"),
]


@pytest.mark.parametrize("records", [RECORDS[:1], RECORDS], ids=["one record", "many records"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_store_parks_nothing_and_is_left_to_the_caller_who_tries_again(
    fault: Exception, records: Sequence[Incoming]
) -> None:
    tries: list[int] = []

    async def handler(_: Any, given: Sequence[Incoming]) -> list[Parked]:
        tries.append(len(given))
        if len(tries) == 1:
            raise fault
        return []

    store = Store()
    with pytest.raises(type(fault)):
        await work(store, handler).apply(records)
    assert (store.kept, tries) == ([], [len(records)])


async def test_a_fault_of_the_store_in_the_second_half_of_a_halved_batch_parks_none_of_it() -> None:
    async def handler(_: Any, records: Sequence[Incoming]) -> list[Parked]:
        if len(records) == len(RECORDS):
            raise ValueError("a bug")
        if records[0].offset > 0:
            raise refused(STORE_FAULTS["deadlock"])
        return []

    store = Store()
    with pytest.raises(DBAPIError):
        await work(store, handler).apply(RECORDS)
    assert store.kept == []


@pytest.mark.parametrize("code", DATA_FAULTS.values(), ids=DATA_FAULTS)
async def test_a_record_that_the_store_refuses_each_time_is_parked(code: str) -> None:
    async def handler(_: Any, records: Sequence[Incoming]) -> list[Parked]:
        if any(record.offset == 3 for record in records):
            raise refused(code)
        return []

    store = Store()
    await work(store, handler).apply(RECORDS[:4])
    assert [(item.record.offset, item.reason) for item in store.kept] == [(3, "HANDLER_FAILED")]
