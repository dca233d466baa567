"""Applies a batch: one transaction for its effects and for the records that cannot be used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.database import Database, is_transient
from shared.messaging.consuming.dead_letters import DeadLetters, Parked
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.consuming.poison_limit import PoisonLimit, TooManyUnusableError
from shared.observability.logs import logger

__all__ = ["UNPARSABLE", "BatchWork", "Handler", "handler_failed"]

log = logger(__name__)

Handler = Callable[[AsyncSession, Sequence[Incoming]], Awaitable[Sequence[Parked]]]
"""Applies records in the session's transaction and returns those that it cannot use. It must be idempotent: records may
be delivered again, in any order."""

UNPARSABLE = "UNPARSABLE"
"""The reason code of a record that the client library cannot parse. Its raw bytes are parked."""


class BatchWork:
    """Applies batches with a handler, parks the records that it cannot use, and refuses to park too many."""

    def __init__(self, database: Database, dead_letters: DeadLetters, handler: Handler, limit: PoisonLimit) -> None:
        self._database = database
        self._dead_letters = dead_letters
        self._handler = handler
        self._limit = limit

    async def apply(self, records: Sequence[Incoming]) -> None:
        """Applies and parks. Raises TooManyUnusableError, and database errors while the database is down."""
        self._limit.begin(len(records))
        await self._apply(records)

    async def _apply(self, records: Sequence[Incoming]) -> None:
        """One transaction for the batch; a batch that the database refuses is halved until the bad record is alone."""
        usable = [record for record in records if record.fault is None]
        parked = [Parked(record, UNPARSABLE, record.fault) for record in records if record.fault is not None]
        try:
            async with self._database.transaction() as session:
                parked += await self._handler(session, usable)
                fresh = await self._park(session, parked)
        except TooManyUnusableError:
            raise
        except Exception as error:
            if is_transient(error):
                raise
            if len(records) == 1:
                failed = handler_failed(records[0], error)
                async with self._database.transaction() as session:
                    fresh = await self._park(session, [failed])
                self._limit.count(fresh)
                return
            middle = len(records) // 2
            await self._apply(records[:middle])
            await self._apply(records[middle:])
        else:
            self._limit.count(fresh)
            for item in parked:
                log.warning(
                    "record_parked",
                    topic=item.record.topic,
                    partition=item.record.partition,
                    offset=item.record.offset,
                    reason=item.reason,
                )

    async def _park(self, session: AsyncSession, parked: Sequence[Parked]) -> int:
        """Parks the records; returns how many were not parked before. Raises TooManyUnusableError."""
        fresh = await self._dead_letters.park(session, parked)
        try:
            self._limit.check(fresh)
        except TooManyUnusableError as error:
            item = parked[-1]
            place = f"{item.record.topic}/{item.record.partition}/{item.record.offset}"
            raise TooManyUnusableError(f"{error}; the last was {place}: {item.reason}") from None
        return fresh


def handler_failed(record: Incoming, error: Exception) -> Parked:
    """Our code failed, not the producer: the log has the whole error, the parked record only its type."""
    log.error("record_failed", topic=record.topic, partition=record.partition, offset=record.offset, exc_info=error)
    return Parked(record, "HANDLER_FAILED", type(error).__name__)
