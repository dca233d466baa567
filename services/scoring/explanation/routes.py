"""The explanation of a score as JSON."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from services.scoring.dependencies import ContextDep, PoliciesDep, ReaderDep, SemesterQuery, semester_of
from services.scoring.explanation.explain import UNKNOWN_OFFICER, explain
from services.scoring.explanation.models import Explanation
from shared.errors.errors import NotFoundError
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["scores"])


@router.get("/v1/employees/{employee_id}", responses=refuses(NOT_FOUND))
async def explain_score(
    context: ContextDep, policies: PoliciesDep, who: ReaderDep, employee_id: UUID, semester: SemesterQuery = None
) -> Explanation:
    """An officer's score of a semester, with the rule, the numbers and every fact behind it."""
    wanted = semester_of(context, semester)
    explanation = await context.transact(lambda s: explain(s, policies, employee_id, wanted))
    if not who.reaches_unit(explanation.org_unit_id):
        raise NotFoundError(UNKNOWN_OFFICER)
    return explanation
