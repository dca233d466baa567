"""Scores as JSON: explanation, list, verification, republishing."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.dependencies import (
    ContextDep,
    PoliciesDep,
    ReaderDep,
    SemesterQuery,
    semester_of,
)
from services.scoring.scores.explain import UNKNOWN_OFFICER, explain
from services.scoring.scores.explanation import Explanation
from shared.contracts.base import Code, DecimalText, Identifier
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.errors.errors import NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.http.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["scores"])


_LIST = text(
    f"""
    select t.employee_id, e.org_unit_id, t.score, t.band, t.complete, t.unexcused_days, p.revision, t.as_of
    from semester_total t left join employee e using (employee_id) left join published_score p using (employee_id, semester)
    where semester = :semester and employee_id > :after and employee_id <> '{CANARY_EMPLOYEE_ID}'
      and reaches_unit_v1(:units, e.org_unit_id)
      and (cast(:unit as text) is null or e.org_unit_id = :unit) and (cast(:band as text) is null or t.band = :band)
    order by employee_id limit :most
    """
)


UnitQuery = Annotated[Identifier | None, Query(description="Only officers of this unit (their current unit).")]
BandQuery = Annotated[Code | None, Query(description="Only scores in this band of the policy, such as BAIK.")]


class ScoreItem(Answer):
    """A score in a list. Lists are ordered by employee_id and are never a ranking."""

    employee_id: UUID
    org_unit_id: str | None
    """The officer's unit; null if unknown here."""
    score: DecimalText | None
    """0 to 100 with 2 places; null if there is nothing to score."""
    band: str | None
    """The policy's band of the score; null without a score."""
    complete: bool
    """False if an indicator could not be assessed."""
    unexcused_days: int
    """Whole unexcused working days in the semester."""
    revision: int
    """The revision of the published record; 0 before the first."""


@router.get("/v1/employees/{employee_id}", responses=refuses(NOT_FOUND))
async def explain_score(
    context: ContextDep, policies: PoliciesDep, who: ReaderDep, employee_id: UUID, semester: SemesterQuery = None
) -> Explanation:
    """An officer's score of a semester, with the rule, the numbers and every fact behind it."""
    wanted = semester_of(context, semester)
    found = await context.transact(lambda s: explain(s, policies, employee_id, wanted))
    if not who.reaches_unit(found.org_unit_id):
        raise NotFoundError(UNKNOWN_OFFICER)
    return found


@router.get("/v1/employees")
async def list_scores(
    context: ContextDep,
    who: ReaderDep,
    semester: SemesterQuery = None,
    org_unit_id: UnitQuery = None,
    band: BandQuery = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[ScoreItem]:
    """Lists officers' scores of a semester, optionally of one unit or band; a limited key gets only its units."""
    values = {
        "semester": semester_of(context, semester).number,
        "units": who.units,
        "unit": org_unit_id,
        "band": band,
        "after": read_id_cursor(after),
        "most": limit + 1,
    }

    async def read(session: AsyncSession) -> list[Any]:
        return list(await session.execute(_LIST, values))

    rows = await context.transact(read)
    items = [
        ScoreItem(
            employee_id=row.employee_id,
            org_unit_id=row.org_unit_id,
            score=None if row.score is None else f"{row.score // 100}.{row.score % 100:02d}",
            band=row.band,
            complete=row.complete,
            unexcused_days=row.unexcused_days,
            revision=row.revision or 0,
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=cursor_of([items[-1].employee_id]) if len(rows) > limit else None)
