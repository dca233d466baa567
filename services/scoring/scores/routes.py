"""The list of scores as JSON."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.scoring.dependencies import (
    ContextDep,
    ReaderDep,
    SemesterQuery,
    semester_of,
)
from services.scoring.scores.queries import LISTED_SCORES
from services.scoring.totals.rules.rounding import hundredths_to_decimal
from shared.contracts.base import Code, DecimalText, Identifier
from shared.http.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.openapi.models import Answer

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["scores"])


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

    rows = await context.transact(lambda session: LISTED_SCORES.all(session, values))
    items = [
        ScoreItem(
            employee_id=row.employee_id,
            org_unit_id=row.org_unit_id,
            score=hundredths_to_decimal(row.score),
            band=row.band,
            complete=row.complete,
            unexcused_days=row.unexcused_days,
            revision=row.revision or 0,
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=cursor_of([items[-1].employee_id]) if len(rows) > limit else None)
