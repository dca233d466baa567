"""The check of every consumer's records: one whose revision jumps too far is parked, whatever its content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.revisions import REVISION_TOO_FAR, STEP_MAX, too_far
from shared.contracts.topics import ALL_TOPICS
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming

__all__ = ["RevisionGate"]


class _Revisioned(Protocol):
    @property
    def revision(self) -> int: ...


R = TypeVar("R", bound=_Revisioned)

_THINGS = {topic.name: topic.thing for topic in ALL_TOPICS}


class RevisionGate(Generic[R]):
    """`stores`: by topic, the tables in which this service stores its records, with the columns of `Topic.thing`."""

    def __init__(self, stores: Mapping[str, Sequence[str]]) -> None:
        self._known = {
            topic: [
                text(
                    f"select {', '.join(_THINGS[topic])}, max(revision) as revision from {table}"
                    f" join unnest({', '.join(f'cast(:{n} as {sql_type}[])' for n, sql_type in _THINGS[topic].items())})"
                    f" as i ({', '.join(_THINGS[topic])}) using ({', '.join(_THINGS[topic])})"
                    f" group by {', '.join(_THINGS[topic])}"
                )
                for table in tables
            ]
            for topic, tables in stores.items()
        }

    async def sift(
        self, session: AsyncSession, read: Sequence[tuple[Incoming, R]]
    ) -> tuple[Sequence[tuple[Incoming, R]], list[Parked]]:
        """The records that may be used, in their order, and those whose revision jumps too far.

        Records are checked one after the other, as if each came in its own batch. The database is queried only if a
        revision is above STEP_MAX: lower ones cannot jump, whatever is known.
        """
        high: dict[str, set[tuple[Any, ...]]] = {}
        for source, record in read:
            if record.revision > STEP_MAX:
                high.setdefault(source.topic, set()).add(_thing(source.topic, record))
        if not high:
            return read, []
        known = {topic: await self._highest(session, topic, things) for topic, things in high.items()}
        used: list[tuple[Incoming, R]] = []
        parked: list[Parked] = []
        for source, record in read:
            given = record.revision
            thing = _thing(source.topic, record) if source.topic in high else None
            if thing is not None and thing in high[source.topic]:
                before = known[source.topic].get(thing, 0)
                if too_far(before, given):
                    parked.append(Parked(source, REVISION_TOO_FAR, _description(before, given)))
                    continue
                known[source.topic][thing] = max(before, given)
            used.append((source, record))
        return used, parked

    async def _highest(
        self, session: AsyncSession, topic: str, things: set[tuple[Any, ...]]
    ) -> dict[tuple[Any, ...], int]:
        found: dict[tuple[Any, ...], int] = {}
        columns = dict(zip(_THINGS[topic], map(list, zip(*things, strict=True)), strict=True))
        for query in self._known[topic]:
            for *thing, revision in await session.execute(query, columns):
                found[tuple(thing)] = max(revision, found.get(tuple(thing), 0))
        return found


def _thing(topic: str, record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in _THINGS[topic])


def _description(known: int, given: int) -> str:
    return (
        f"revision {given} is more than {STEP_MAX:,} above {known}, the highest known here: no owner reaches it by"
        " counting. Dismiss it; if the owner itself has this revision, `kinerja republish` sends the steps up to it"
    )
