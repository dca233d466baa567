"""Groups of citizens' ratings take effect completely or not at all.

A group consists of several records, and a batch may end between them. If the first records counted at once, a score would
change by part of a group, perhaps by one vote. So they are held until the group's last record arrives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import FeedbackRecord, decode_held, encode_held

__all__ = ["Groups"]

GroupKey = tuple[UUID, int]
"""A group's id and its revision: all members of a group have the same revision."""

# After a rebalance two consumers may process a group: one waits for the other's commit and then sees its part.
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(cast(:group as text), 0))")
_APPLIED = text(
    """
    select f.feedback_id from feedback_fact f
    join unnest(cast(:ids as uuid[]), cast(:revisions as int4[])) as i (id, revision) on f.feedback_id = i.id
    where f.revision >= i.revision
    """
)
_HELD = text("select record from held_rating where group_id = :group and revision = :revision")
_HOLD = text(
    """
    insert into held_rating (feedback_id, group_id, revision, held_at, record)
    select id, :group, :revision, now(), record
    from unnest(cast(:ids as uuid[]), cast(:records as bytea[])) as i (id, record)
    on conflict do nothing
    """
)
_FORGET = text(
    """
    delete from held_rating h using unnest(cast(:groups as uuid[]), cast(:revisions as int4[])) as i (group_id, revision)
    where h.group_id = i.group_id and h.revision <= i.revision
    """
)


@dataclass(slots=True)
class Groups:
    """The grouped records of one batch."""

    _members: dict[GroupKey, dict[UUID, FeedbackRecord]] = field(default_factory=dict)

    def add(self, record: FeedbackRecord) -> bool:
        """Adds a record that belongs to a group; False for a record without a group."""
        if record.group_id is None or record.group_size is None:
            return False
        self._members.setdefault((record.group_id, record.revision), {})[record.feedback_id] = record
        return True

    async def complete(self, session: AsyncSession) -> list[FeedbackRecord]:
        """Returns the records of complete groups; stores the others as held, in the session's transaction."""
        whole: list[FeedbackRecord] = []
        done: list[GroupKey] = []
        for key in sorted(self._members):
            members = self._members[key]
            if len(members) < _size(members.values()):
                if await _counts_already(session, key, members):
                    done.append(key)
                    continue
                members |= await _held(session, key, members)
            if len(members) >= _size(members.values()):
                whole += members.values()
                done.append(key)
        if done:
            await session.execute(_FORGET, {"groups": [key[0] for key in done], "revisions": [key[1] for key in done]})
        return whole


async def _counts_already(session: AsyncSession, key: GroupKey, members: dict[UUID, FeedbackRecord]) -> bool:
    """Whether these are duplicates of a group that already counts. Locks the group until the end of the transaction."""
    await session.execute(_LOCK, {"group": str(key[0])})
    values = {"ids": list(members), "revisions": [key[1]] * len(members)}
    return len((await session.execute(_APPLIED, values)).all()) == len(members)


async def _held(
    session: AsyncSession, key: GroupKey, members: dict[UUID, FeedbackRecord]
) -> dict[UUID, FeedbackRecord]:
    """Returns the held records of a group; if the group is still incomplete with these members, holds them too."""
    values: dict[str, Any] = {"group": key[0], "revision": key[1]}
    held = {r.feedback_id: r for r in map(decode_held, (await session.execute(_HELD, values)).scalars())}
    if len(held | members) < _size(members.values()):
        records = [encode_held(record) for record in members.values()]
        await session.execute(_HOLD, values | {"ids": list(members), "records": records})
    return held


def _size(members: Iterable[FeedbackRecord]) -> int:
    return max(member.group_size or 1 for member in members)
