"""Verifies everything that was computed from the facts."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import text

from services.scoring.dependencies import ContextDep, OperatorDep, PoliciesDep
from services.scoring.facts.verify import Verification, verify
from shared.openapi.models import Answer

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["scores"])


VERIFY_SECONDS_MAX = 600.0


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
