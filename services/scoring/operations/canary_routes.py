"""Shows how far the canary's punches have come. Needs no key, because it concerns no person: external monitors may use it."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter

from services.scoring.dependencies import ContextDep
from services.scoring.facts.decode import decode_day
from services.scoring.operations.queries import newest_canary_day
from shared.errors.errors import NotFoundError
from shared.errors.problem_types import NOT_FOUND, UNAVAILABLE
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["operations"])


class CanaryAnswer(Answer):
    """The canary's newest work date, as in its score."""

    work_date: date
    """The newest work date of the canary."""
    first_in: datetime | None
    """Its first punch of that date; null before it."""
    last_out: datetime | None
    """Its last punch of that date; null before it."""
    revision: int
    """The revision of the score."""
    as_of: datetime
    """When the newest punch reached the score."""
    published: bool
    """Whether the broker has acknowledged the record of that score."""


@router.get("/v1/canary", responses=refuses(NOT_FOUND, UNAVAILABLE))
async def show_canary(context: ContextDep) -> CanaryAnswer:
    """Shows how far the canary's punches have come. Answers 404 if no canary has punched."""

    newest = await context.transact(newest_canary_day)
    if newest is None:
        raise NotFoundError("No canary has punched yet: start the stack's service `canary`.")
    row, published = newest
    day = decode_day(row.record)
    return CanaryAnswer(
        work_date=row.work_date,
        first_in=day.first_in,
        last_out=day.last_out,
        revision=row.revision,
        as_of=row.as_of,
        published=published,
    )
