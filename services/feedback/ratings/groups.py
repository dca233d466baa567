"""Groups of citizens' ratings: publish and show them. A group is the smallest unit that is published or shown."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.boxes.ballot_boxes import Target
from services.feedback.ratings.publishing import publish_records
from services.feedback.ratings.rules.ballots import Ballot
from services.feedback.ratings.rules.tallies import Tally, answers_of, tallies_of, without_few
from shared.contracts.events.feedback import FeedbackRecord
from shared.service.context import Context

__all__ = ["RatingGroup", "group_of", "publish", "shuffled"]


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


async def publish(context: Context, session: AsyncSession, target: Target, ballots: Sequence[Ballot]) -> None:
    """Publishes the ballots of an officer or unit as one group: in random order, with new ids and one common date.

    The caller removes them from the box in the same transaction.
    """
    midnight = datetime.combine(max(ballot.day for ballot in ballots), time.min, context.zone)
    common: dict[str, Any] = {
        "revision": 1,
        "recorded_at": context.clock.now(),
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
    await publish_records(context, session, shuffled(records))


def shuffled(records: Sequence[FeedbackRecord]) -> list[FeedbackRecord]:
    """The records of a group in random order."""
    return secrets.SystemRandom().sample(records, len(records))


def group_of(members: Sequence[FeedbackRecord], reason: str | None, minimum: int) -> RatingGroup:
    """Converts the published records of one group to the form in which it is shown."""
    first = members[0]
    if first.group_id is None:
        raise ValueError("an assessment belongs to no group")
    return RatingGroup(
        group_id=first.group_id,
        employee_id=first.employee_id,
        org_unit_id=first.org_unit_id,
        weight_class=first.weight_class,
        state=first.state,
        given_on=first.given_at.date(),
        ratings=len(members),
        answers=without_few(tallies_of(answers_of(member) for member in members), minimum),
        reason=reason,
    )
