"""Groups of citizens' ratings: publish, withdraw and show them. A group is the smallest unit that is published or shown."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.publishing import keep
from services.feedback.ratings.rules.ballots import Ballot, put_back
from services.feedback.ratings.rules.tallies import Tally, tallies_of, without_few
from shared.contracts.events.feedback import FeedbackRecord
from shared.errors.errors import NotFoundError
from shared.service.context import Context

__all__ = ["RatingGroup", "group_of", "publish", "withdraw"]

_CHANCE = secrets.SystemRandom()
_LOCKED = text("select record, reason from feedback where group_id = :group order by feedback_id for update")


@dataclass(frozen=True, slots=True)
class RatingGroup:
    """A group as it is shown. `answers` omits elements with fewer answers than the group minimum."""

    group_id: UUID
    employee_id: UUID | None
    org_unit_id: str
    weight_class: str
    state: str
    given_on: date
    ratings: int
    answers: dict[str, Tally]
    reason: str | None


async def publish(
    context: Context, session: AsyncSession, target: Target, ballots: Sequence[Ballot], now: datetime
) -> None:
    """Publishes the ballots of an officer or unit as one group: in random order, with new ids and one common date.

    The caller removes them from the box in the same transaction.
    """
    midnight = datetime.combine(max(ballot.day for ballot in ballots), time.min, context.zone)
    common: dict[str, Any] = {
        "revision": 1,
        "recorded_at": now,
        "kind": "citizen_rating",
        "state": "accepted",
        "employee_id": target.employee_id,
        "org_unit_id": target.org_unit_id,
        "given_at": midnight,
        "group_id": uuid4(),
        "group_size": len(ballots),
        "weight_class": target.weight_class,
    }
    # random ids: a time-ordered id would contain the time and could link the rows of one vote
    records = [
        FeedbackRecord.model_validate(common | {"feedback_id": uuid4(), "ratings": dict(ballot.ratings)})
        for ballot in ballots
    ]
    _CHANCE.shuffle(records)
    await keep(context, session, records)


async def withdraw(
    context: Context,
    boxes: BallotBoxes,
    session: AsyncSession,
    group_id: UUID,
    reason: str,
    now: datetime,
    *,
    only: UUID | None = None,
) -> RatingGroup:
    """Withdraws a group permanently. With `only`, withdraws just this rating permanently; the others wait for a new group.

    Either way the whole group stops counting in the scores at once. Idempotent. Raises NotFoundError.
    """
    rows = (await session.execute(_LOCKED, {"group": group_id})).all()
    records = [FeedbackRecord.model_validate_json(row.record) for row in rows]
    if not records:
        raise NotFoundError("There is no such group of ratings. List them with GET /feedback/v1/feedback.")
    first = records[0]
    if first.state == "withdrawn":
        return group_of([row.record for row in rows], rows[0].reason, boxes.rules.group_minimum)
    changed = [
        record.model_copy(update={"state": "withdrawn", "revision": record.revision + 1, "recorded_at": now})
        for record in records
    ]
    _CHANCE.shuffle(changed)
    await keep(context, session, changed, reason=reason)
    if only is not None:
        others = [record for record in records if record.feedback_id != only]
        target = Target(first.employee_id, first.org_unit_id, first.weight_class)
        again = [
            Ballot(r.given_at.date(), {str(n): v for n, v in (r.ratings or {}).items()}, published_before=True)
            for r in others
        ]
        await boxes.keep(session, target, put_back(await boxes.take(session, target), again))
    return group_of([record.model_dump_json() for record in changed], reason, boxes.rules.group_minimum)


def group_of(records: Sequence[str], reason: str | None, minimum: int) -> RatingGroup:
    """Converts the published records of one group to the form in which it is shown."""
    members = [FeedbackRecord.model_validate_json(record) for record in records]
    first = members[0]
    if first.group_id is None:
        raise ValueError("an assessment belongs to no group")
    forms = [{str(name): answer for name, answer in (member.ratings or {}).items()} for member in members]
    return RatingGroup(
        group_id=first.group_id,
        employee_id=first.employee_id,
        org_unit_id=first.org_unit_id,
        weight_class=first.weight_class,
        state=first.state,
        given_on=first.given_at.date(),
        ratings=len(members),
        answers=without_few(tallies_of(forms), minimum),
        reason=reason,
    )
