"""Scores as JSON: explanation, list, verification, republishing."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.explain import UNKNOWN_OFFICER, explain
from services.scoring.explanation import Explanation
from services.scoring.policies import PolicyBook
from services.scoring.republish import republish
from services.scoring.verify import Verification, verify
from shared.auth import Principal, requires
from shared.context import Context
from shared.contracts.base import Code, DecimalText, Identifier
from shared.contracts.canary import CANARY_EMPLOYEE_ID
from shared.contracts.semester import Semester
from shared.errors import InvalidError, NotFoundError
from shared.http import context_of
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.paging import After, Limit, Page, cursor_of, read_id_cursor
from shared.problem_types import NOT_FOUND
from shared.republish import Republished

__all__ = ["policies_of", "router", "semester_of"]

router = APIRouter(prefix="/scores", tags=["scores"])

VERIFY_SECONDS_MAX = 600.0

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


def policies_of(request: Request) -> PolicyBook:
    """The service's rule sets, as a dependency."""
    policies: PolicyBook = request.app.state.policies
    return policies


ContextDep = Annotated[Context, Depends(context_of)]
PoliciesDep = Annotated[PolicyBook, Depends(policies_of)]
OperatorDep = Annotated[Principal, requires()]
ReaderDep = Annotated[Principal, requires("scores:read")]
SemesterQuery = Annotated[
    str | None, Query(max_length=7, description="For example 2026-S2; default: the current semester.")
]
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


class VerificationAnswer(Answer):
    """`ok` if everything recomputed from the facts equals the stored values."""

    ok: bool
    """Whether nothing differs."""
    days: int
    """The number of recomputed work dates."""
    feedback: int
    """The number of recomputed ratings and assessments."""
    totals: int
    """The number of compared semester totals of officers."""
    difference_count: int
    """The number of differences."""
    differences: list[str]
    """The first 100 differences as text; officers by employee_id."""


def semester_of(context: Context, words: str | None) -> Semester:
    """The requested semester, or the current one. Raises InvalidError."""
    if words is None:
        return Semester.of(context.clock.now().astimezone(context.zone).date())
    try:
        semester = Semester.parse(words)
    except ValueError as error:
        raise InvalidError(f"`semester`: {error}.") from error
    if not 2000 <= semester.year <= 2200:
        raise InvalidError("`semester`: the year must be between 2000 and 2200.")
    return semester


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


@router.post("/v1/verify")
async def verify_scores(context: ContextDep, policies: PoliciesDep, _: OperatorDep) -> VerificationAnswer:
    """Recomputes contributions, totals and scores from the facts' evidence and lists the differences."""
    async with context.database.snapshot() as session:
        await session.execute(text(f"set local statement_timeout = {int(VERIFY_SECONDS_MAX * 1000)}"))
        found: Verification = await verify(session, policies)
    return VerificationAnswer(
        ok=found.difference_count == 0,
        days=found.days,
        feedback=found.feedback,
        totals=found.totals,
        difference_count=found.difference_count,
        differences=found.differences,
    )


@router.post("/v1/republish", status_code=202)
async def republish_scores(context: ContextDep, _: OperatorDep) -> Republished:
    """Publishes every current score and discipline record again, unchanged, for a consumer or broker that lost them."""
    return await republish(context)
