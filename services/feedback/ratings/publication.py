"""The job that publishes waiting ballots: full groups, and after the end of a semester the rest.

It runs independently of votes: a group is published a random time after it became full.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.boxes.ballot_boxes import CITY, BallotBoxes, OpenBox, Target
from services.feedback.ratings.boxes.seal import SealError
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
from shared.contracts.semester import Semester
from shared.db.set_aside import Batches
from shared.observability.logs import logger
from shared.observability.tracing import continued
from shared.service.context import Context

__all__ = ["Publication"]

log = logger(__name__)

CHECK_INTERVAL = timedelta(minutes=10)
"""Interval of the check of all boxes: it removes outdated minutes of the burst rule, replaces old keys, and finishes what a
crash interrupted."""
CLOSE_AFTER = timedelta(minutes=10)
"""Delay between the end of a semester and the publication of its rest: votes sent in time may still be in transit."""

_TRACE = "publish ratings"  # always a new one: no event may carry the trace of a vote


class Publication:
    """One per process; several processes may run it at once, because a box is changed under its lock."""

    def __init__(self, context: Context, boxes: BallotBoxes) -> None:
        self.rules = boxes.rules
        self._context = context
        self._boxes = boxes
        self._groups: Batches[UUID] = Batches("publication", 1, context.metrics)
        """Skips a box (by its id) whose publication fails, so that the other boxes continue."""
        self._publish_at: dict[Target, datetime] = {}
        self._check_at: datetime | None = None
        self._checked_in: Semester | None = None
        registry = context.metrics.registry
        # No labels: a count per officer would reveal when a citizen votes.
        self._waiting = Gauge("kinerja_ballots_waiting", "Ballots that wait for a group, all boxes", registry=registry)
        # These need a person's decision: GET /feedback/v1/quarantine.
        self._quarantined = Gauge(
            "kinerja_ballots_quarantined", "Ballots that nobody has accepted or dismissed", registry=registry
        )

    async def round(self) -> bool:
        """Publishes the full groups that are due; every CHECK_INTERVAL it checks all boxes."""
        now = self._context.clock.now()
        if self._check_at is None or now >= self._check_at or self._checked_in != self._closable(now):
            await self.check_boxes()
        async with self._context.database.transaction() as session:
            due = await self._boxes.due(session)
        without = self._groups.without
        due = [target for target in due if target.box_id not in without]
        self._publish_at = {target: self._publish_at.get(target) or self._later(now) for target in due}
        for target in [target for target, at in self._publish_at.items() if at <= now]:
            with continued(_TRACE):
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

    async def check_boxes(self) -> None:
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
            if self._is_outdated(box, now):
                sealed_anew += not box.newest_seal
                async with self._context.database.transaction() as session:
                    content = await self._boxes.open(session, box.target)
                    await self._boxes.write(session, box.target, self._without_old_minutes(content, now))
        if sealed_anew:
            log.info("ballot_boxes_sealed_anew", boxes=sealed_anew)
        with continued(_TRACE):
            await self._close(past, self._closable(now))
        self._waiting.set(waiting)
        self._quarantined.set(quarantined)
        self._check_at, self._checked_in = now + CHECK_INTERVAL, self._closable(now)

    def _later(self, now: datetime) -> datetime:
        delay = self.rules.publish_after_seconds
        return now + timedelta(seconds=secrets.SystemRandom().uniform(delay.least, delay.most))

    def _closable(self, now: datetime) -> Semester:
        """The current semester; all earlier ones are closed."""
        return Semester.of(self._context.date_of(now - CLOSE_AFTER))

    def _is_outdated(self, box: OpenBox, now: datetime) -> bool:
        stale = self._without_old_minutes(box.content, now) != box.content
        return stale or not box.newest_seal or box.due != self._boxes.is_due(box.target, box.content)

    def _without_old_minutes(self, content: Content, now: datetime) -> Content:
        minutes = forget_minutes(content.minutes, minute_of(now), self.rules.burst.minutes)
        return Content(content.waiting, content.quarantined, minutes)

    async def _publish(self, target: Target) -> bool:
        self._groups.took([target.box_id])
        async with self._context.database.transaction() as session:
            content = await self._boxes.open(session, target)
            await self._boxes.write(session, target, await self._publish_full(session, target, content))
        return False

    async def _publish_full(self, session: AsyncSession, target: Target, content: Content) -> Content:
        """Publishes the full groups of a box; returns the remaining content."""
        groups, rest = take_full(content, self.rules.group_minimum)
        for ballots in groups:
            if target == CITY:
                await add_to_remainder(session, ballots)
            else:
                await publish(self._context, session, target, ballots)
        return rest

    async def _close(self, targets: set[Target], present: Semester) -> None:
        """Publishes the rest of past semesters, or moves it from officers to their units and from units to the city.

        Processes all officers first, then units, then the city, so that each box has received everything before its turn.
        """
        for target in sorted(targets, key=lambda t: (t.level, str(t.box_id))):
            await self._groups.run(partial(self._close_one, target, present))

    async def _close_one(self, target: Target, present: Semester) -> bool:
        self._groups.took([target.box_id])
        async with self._context.database.transaction() as session:
            content = await self._publish_full(session, target, await self._boxes.open(session, target))
            if target != CITY:
                left, content = take_semesters(content, semesters_before(content, present))
                if left:
                    above = await self._boxes.open(session, target.above)
                    await self._boxes.write(session, target.above, put_back(above, left))
            await self._boxes.write(session, target, content)
        return False
