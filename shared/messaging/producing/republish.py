"""Publishes stored records again: one record that can no longer be read does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.base import Record
from shared.contracts.revisions import with_rungs
from shared.contracts.topics import Topic
from shared.messaging.producing.outbox import Outbox
from shared.observability.logs import logger
from shared.openapi.models import Answer

__all__ = ["Republished", "add_again", "from_record"]

T = TypeVar("T")

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


async def add_again(
    outbox: Outbox,
    session: AsyncSession,
    topic: Topic[Any],
    rows: Iterable[T],
    make: Callable[[T], Record],
    key_of: Callable[[T], Hashable],
    counts: Republished,
) -> None:
    """Adds the records that `make` returns for each row to the outbox, and counts them. Keys are logged: no personal data."""
    records: list[Record] = []
    for row in rows:
        try:
            records.append(make(row))
        except (ValueError, TypeError, KeyError) as error:
            counts.unreadable += 1
            log.error("row_unreadable", topic=topic.name, row=str(key_of(row)), exc_info=error)
    await outbox.add(session, topic, with_rungs(records))
    counts.records += len(records)
