"""Verifies everything that was computed from the facts."""

from __future__ import annotations

from fastapi import APIRouter

from services.scoring.dependencies import ContextDep, OperatorDep, PoliciesDep
from services.scoring.facts.verify import verify
from shared.openapi.models import Answer

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["scores"])


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


@router.post("/v1/verify")
async def verify_scores(context: ContextDep, policies: PoliciesDep, _: OperatorDep) -> VerificationAnswer:
    """Recomputes contributions, totals and scores from the facts' evidence and lists the differences."""
    async with context.database.snapshot() as session:
        verification = await verify(session, policies)
    return VerificationAnswer(
        ok=verification.difference_count == 0,
        days=verification.days,
        feedback=verification.feedback,
        totals=verification.totals,
        difference_count=verification.difference_count,
        differences=verification.differences,
    )
