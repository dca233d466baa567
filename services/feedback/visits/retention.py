"""Deletes old visits."""

from __future__ import annotations

from services.feedback.ratings.rules.intake import IntakeRules
from services.feedback.visits.queries import DELETE_OLD_VISITS
from shared.service.context import Context

__all__ = ["VisitRetention"]

VISITS_AT_A_TIME = 5_000


class VisitRetention:
    """Deletes visits whose links expired longer ago than the rules' retention."""

    def __init__(self, context: Context, rules: IntakeRules) -> None:
        self._context = context
        self._rules = rules

    async def round(self) -> bool:
        """Deletes one batch; True when there may be more."""
        values = {"until": self._context.clock.now() - self._rules.visit_retention, "most": VISITS_AT_A_TIME}
        async with self._context.database.transaction() as session:
            deleted = await DELETE_OLD_VISITS.all(session, values)
        return len(deleted) == VISITS_AT_A_TIME
