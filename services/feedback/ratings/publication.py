"""The job that publishes waiting ballots: full groups, and after the end of a semester the rest.

It runs independently of votes: a group is published a random time after it became full.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.ballot_boxes import CITY, BallotBoxes, OpenBox, Target
from services.feedback.ratings.groups import publish
from services.feedback.ratings.remainder import add_to_remainder
from services.feedback.ratings.rules.ballots import (
    Content,
    forget_minutes,
    minute_of,
    put_back,
    semesters_before,
    take_full,
    take_semesters,
)
from services.feedback.ratings.seal import SealError
from shared.contracts.semester import Semester
from shared.db.set_aside import Batches
from shared.observability.logs import logger
from shared.observability.tracing import begin_trace
from shared.service.context import Context

__all__ = ["Publication"]

log = logger(__name__)

LOOK_AFTER = timedelta(minutes=10)
"""Interval of the check of all boxes: it removes outdated minutes of the burst rule, replaces old keys, and finishes what a
crash interrupted."""
CLOSE_AFTER = timedelta(minutes=10)
"""Delay between the end of a semester and the publication of its rest: votes sent in time may still be in transit."""
VISITS_AT_A_TIME = 5_000

_END_VISITS = text(
    """
    delete from visit where visit_id in
      (select visit_id from visit where expires_at < :until limit :most for update skip locked)
    returning 1
    """
)


class Publication:
    """One per process; several processes may run it at once, because a box is changed under its lock."""

    def __init__(self, context: Context, boxes: BallotBoxes) -> None:
        self.rules = boxes.rules
        self._context = context
        self._boxes = boxes
        self._groups: Batches[UUID] = Batches("publication", 1, context.metrics)
        """Skips a box (by its id) whose publication fails, so that the other boxes continue."""
        self._publish_at: dict[Target, datetime] = {}
        self._look_at: datetime | None = None
        self._looked_in: Semester | None = None
        registry = context.metrics.registry
        # No labels: a count per officer would reveal when a citizen votes.
        self._waiting = Gauge("kinerja_ballots_waiting", "Ballots that wait for a group, all boxes", registry=registry)
        # These need a person's decision: GET /feedback/v1/quarantine.
        self._quarantined = Gauge(
            "kinerja_ballots_quarantined", "Ballots that nobody has accepted or dismissed", registry=registry
        )

    async def round(self) -> bool:
        """Publishes the full groups that are due; every LOOK_AFTER it checks all boxes."""
        begin_trace(None)  # a new trace: no event may carry the trace of a vote
        now = self._context.clock.now()
        if self._look_at is None or now >= self._look_at or self._looked_in != self._closable(now):
            await self.look()
        async with self._context.database.transaction() as session:
            due = await self._boxes.due(session)
        without = self._groups.without
        due = [target for target in due if target.box_id not in without]
        self._publish_at = {target: self._publish_at.get(target) or self._later(now) for target in due}
        for target in [target for target, at in self._publish_at.items() if at <= now]:
            await self._groups.run(partial(self._publish, target))
            del self._publish_at[target]  # its next group gets a new random time
        return False

    async def check_keys(self) -> None:
        """Opens every box once. Logs one line that says what to do, and raises SealError, if a box cannot be opened."""
        try:
            async for _ in self._boxes.all():
                pass
        except SealError as error:
            log.critical("ballot_boxes_cannot_be_opened", cause=str(error))
            raise

    async def look(self) -> None:
        """Opens every box, rewrites outdated ones, and publishes the rest of past semesters.

        Raises SealError when a box cannot be opened.
        """
        now = self._context.clock.now()
        waiting = quarantined = sealed_anew = 0
        past: set[Target] = set()
        async for box in self._boxes.all():
            waiting += len(box.content.waiting)
            quarantined += sum(len(batch.ballots) for batch in box.content.quarantined)
            if box.target != CITY and semesters_before(box.content, self._closable(now)):
                past |= {box.target, box.target.above, CITY}
            if self._needs_keeping(box, now):
                sealed_anew += not box.newest_seal
                async with self._context.database.transaction() as session:
                    content = await self._boxes.take(session, box.target)
                    await self._boxes.keep(session, box.target, self._without_old_minutes(content, now))
        if sealed_anew:
            log.info("ballot_boxes_sealed_anew", boxes=sealed_anew)
        await self._close(past, self._closable(now))
        self._waiting.set(waiting)
        self._quarantined.set(quarantined)
        self._look_at, self._looked_in = now + LOOK_AFTER, self._closable(now)

    async def forget_visits(self) -> bool:
        """Deletes visits whose links expired longer ago than the retention; True when there may be more."""
        values = {"until": self._context.clock.now() - self.rules.visit_retention, "most": VISITS_AT_A_TIME}
        async with self._context.database.transaction() as session:
            deleted = (await session.execute(_END_VISITS, values)).all()
        return len(deleted) == VISITS_AT_A_TIME

    def _later(self, now: datetime) -> datetime:
        least, most = self.rules.publish_seconds
        return now + timedelta(seconds=secrets.SystemRandom().uniform(least, most))

    def _closable(self, now: datetime) -> Semester:
        """The current semester; all earlier ones are closed."""
        return Semester.of((now - CLOSE_AFTER).astimezone(self._context.zone).date())

    def _needs_keeping(self, box: OpenBox, now: datetime) -> bool:
        stale = self._without_old_minutes(box.content, now) != box.content
        return stale or not box.newest_seal or box.due != self._boxes.is_due(box.target, box.content)

    def _without_old_minutes(self, content: Content, now: datetime) -> Content:
        minutes = forget_minutes(content.minutes, minute_of(now), self.rules.burst_minutes)
        return Content(content.waiting, content.quarantined, minutes)

    async def _publish(self, target: Target) -> bool:
        self._groups.took([target.box_id])
        async with self._context.database.transaction() as session:
            content = await self._boxes.take(session, target)
            await self._boxes.keep(session, target, await self._publish_full(session, target, content))
        return False

    async def _publish_full(self, session: AsyncSession, target: Target, content: Content) -> Content:
        """Publishes the full groups of a box; returns the remaining content."""
        now = self._context.clock.now()
        groups, rest = take_full(content, self.rules.group_minimum)
        for ballots in groups:
            if target == CITY:
                await add_to_remainder(session, ballots)
            else:
                await publish(self._context, session, target, ballots, now)
        return rest

    async def _close(self, targets: set[Target], present: Semester) -> None:
        """Publishes the rest of past semesters, or moves it from officers to their units and from units to the city.

        Processes all officers first, then units, then the city, so that each box has received everything before its turn.
        """
        for rank in (_is_officer, _is_unit, _is_city):
            for target in sorted(filter(rank, targets), key=lambda t: str(t.box_id)):
                await self._groups.run(partial(self._close_one, target, present))

    async def _close_one(self, target: Target, present: Semester) -> bool:
        self._groups.took([target.box_id])
        async with self._context.database.transaction() as session:
            content = await self._publish_full(session, target, await self._boxes.take(session, target))
            if target != CITY:
                left, content = take_semesters(content, semesters_before(content, present))
                if left:
                    above = await self._boxes.take(session, target.above)
                    await self._boxes.keep(session, target.above, put_back(above, left))
            await self._boxes.keep(session, target, content)
        return False


def _is_officer(target: Target) -> bool:
    return target.employee_id is not None


def _is_unit(target: Target) -> bool:
    return target.employee_id is None and target.org_unit_id is not None


def _is_city(target: Target) -> bool:
    return target == CITY
