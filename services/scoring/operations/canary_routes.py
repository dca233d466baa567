"""Shows how far the canary's punches have come. Needs no key, because it concerns no person: external monitors may use it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.dependencies import ContextDep
from services.scoring.facts.decode import decode_day
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.semester import Semester
from shared.errors.errors import NotFoundError
from shared.errors.problem_types import NOT_FOUND, UNAVAILABLE
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["operations"])

# A record is published when it has left the outbox: the relay deletes a row after the broker's acknowledgement.
_NEWEST = text(
    f"""
    select f.work_date, f.record, t.as_of, t.changed, p.revision, p.semester
    from day_fact f
    join semester_total t using (employee_id, semester) join published_score p using (employee_id, semester)
    where f.employee_id = '{CANARY_EMPLOYEE_ID}' and f.scheduled_minutes > 0 order by f.work_date desc limit 1
    """
)
_WAITING = text("select 1 from outbox where topic = 'asn.score.v1' and key = :key limit 1")


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

    async def read(session: AsyncSession) -> tuple[Any, bool]:
        row = (await session.execute(_NEWEST)).first()
        if row is None:
            raise NotFoundError("No canary has punched yet: start the stack's service `canary`.")
        key = f"{CANARY_EMPLOYEE_ID}/{Semester.from_number(row.semester)}".encode()
        waits = (await session.execute(_WAITING, {"key": key})).first() is not None
        return row, not (row.changed or waits)

    row, published = await context.transact(read)
    day = decode_day(row.record)
    return CanaryAnswer(
        work_date=row.work_date,
        first_in=day.first_in,
        last_out=day.last_out,
        revision=row.revision,
        as_of=row.as_of,
        published=published,
    )
