"""Publishes stored records again: one record that can no longer be read does not stop the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.base import Record
from shared.contracts.revisions import with_rungs
from shared.contracts.topics import Topic
from shared.db.database import Database
from shared.messaging.producing.outbox import Outbox
from shared.observability.logs import logger
from shared.openapi.models import Answer

__all__ = ["Republished", "add_all_again", "from_record"]

T = TypeVar("T")
K = TypeVar("K")

log = logger(__name__)


class Republished(Answer):
    """How many records went into the outbox again."""

    records: int = 0
    """How many records were put into the outbox again."""
    unreadable: int = 0
    """Stored records that were left out: the log event `row_unreadable` names each."""


def from_record(topic: Topic[Any]) -> Callable[[Any], Record]:
    """Restores the published record from a row that stores it as JSON."""
    return lambda row: topic.model.model_validate_json(row.record)


async def add_all_again(
    database: Database,
    outbox: Outbox,
    topic: Topic[Any],
    next_rows: Callable[[AsyncSession, K], Awaitable[Sequence[T]]],
    first_key: K,
    key_of: Callable[[T], K],
    make: Callable[[T], Record],
) -> Republished:
    """Adds the records that `make` returns for all rows to the outbox, one page per transaction, and counts them.

    `next_rows` returns the page of rows after a key, in the order of their keys; `first_key` is before the first row. Keys of
    unreadable rows are logged: no personal data.
    """
    counts, after = Republished(), first_key
    while True:
        async with database.transaction() as session:
            rows = await next_rows(session, after)
            await outbox.add(session, topic, with_rungs(_readable(topic, rows, key_of, make, counts)))
        if not rows:
            return counts
        after = key_of(rows[-1])


def _readable(
    topic: Topic[Any],
    rows: Sequence[T],
    key_of: Callable[[T], object],
    make: Callable[[T], Record],
    counts: Republished,
) -> list[Record]:
    """The records of rows that can be read; counts these and the others."""
    records: list[Record] = []
    for row in rows:
        try:
            records.append(make(row))
        except (ValueError, TypeError, KeyError) as error:
            counts.unreadable += 1
            log.error("row_unreadable", topic=topic.name, row=str(key_of(row)), exc_info=error)
    counts.records += len(records)
    return records
