"""Groups of citizens' ratings take effect completely or not at all.

A group consists of several records, and a batch may end between them. If the first records counted at once, a score would
change by part of a group, perhaps by one vote. So they wait in `held_rating` until the group's last record arrives.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from services.scoring.facts.decode import FeedbackRecord, decode_held, encode_held
from services.scoring.facts.tables import HeldRating

__all__ = ["Groups"]

GroupKey = tuple[UUID, int]
"""A group's id and its revision: all members of a group have the same revision."""

# After a rebalance two consumers may process a group: one waits for the other's commit and then sees its part.
LOCK_GROUP = text("select pg_advisory_xact_lock(hashtextextended(cast(:group as text), 0))")
APPLIED_MEMBERS = text(
    """
    select f.feedback_id from feedback_fact f
    join unnest(cast(:ids as uuid[]), cast(:revisions as int4[])) as i (id, revision) on f.feedback_id = i.id
    where f.revision >= i.revision
    """
)
SAVE_WAITING = text(
    """
    insert into held_rating (feedback_id, group_id, revision, held_at, record)
    select id, :group, :revision, now(), record
    from unnest(cast(:ids as uuid[]), cast(:records as bytea[])) as i (id, record)
    on conflict do nothing
    """
)
DELETE_WAITING = text(
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
        """Returns the records of complete groups; stores the others, in the session's transaction."""
        whole: list[FeedbackRecord] = []
        done: list[GroupKey] = []
        for key in sorted(self._members):
            members = self._members[key]
            if len(members) < _size(members.values()):
                if await _counts_already(session, key, members):
                    done.append(key)
                    continue
                members |= await _waiting(session, key, members)
            if len(members) >= _size(members.values()):
                whole += members.values()
                done.append(key)
        if done:
            await session.execute(
                DELETE_WAITING, {"groups": [key[0] for key in done], "revisions": [key[1] for key in done]}
            )
        return whole


async def _counts_already(session: AsyncSession, key: GroupKey, members: dict[UUID, FeedbackRecord]) -> bool:
    """Whether these are duplicates of a group that already counts. Locks the group until the end of the transaction."""
    await session.execute(LOCK_GROUP, {"group": str(key[0])})
    values = {"ids": list(members), "revisions": [key[1]] * len(members)}
    return len((await session.execute(APPLIED_MEMBERS, values)).all()) == len(members)


async def _waiting(
    session: AsyncSession, key: GroupKey, members: dict[UUID, FeedbackRecord]
) -> dict[UUID, FeedbackRecord]:
    """The stored records of a group; if the group is still incomplete with these members, stores them too."""
    group, revision = key
    of_group = select(HeldRating.record).where(HeldRating.group_id == group, HeldRating.revision == revision)
    waiting = {r.feedback_id: r for r in map(decode_held, (await session.execute(of_group)).scalars())}
    if len(waiting | members) < _size(members.values()):
        records = [encode_held(record) for record in members.values()]
        values = {"group": group, "revision": revision, "ids": list(members), "records": records}
        await session.execute(SAVE_WAITING, values)
    return waiting


def _size(members: Iterable[FeedbackRecord]) -> int:
    return max(member.group_size or 1 for member in members)
