"""Periodic work on rules and scores: the first rule sets, a semester's opening, requested recomputations."""

from __future__ import annotations

import asyncio

from services.scoring.policy.policies import PolicyBook, load_defaults
from services.scoring.scores.opening import OPENS_AFTER, open_semester
from services.scoring.scores.rescore import complete_requested_rescores, rescore
from services.scoring.settings import Settings
from shared.contracts.semester import Semester
from shared.service.context import Context

__all__ = ["ScoreUpkeep"]


class ScoreUpkeep:
    """Loads the rule sets of the settings into an empty table, opens semesters, and completes recomputations of scores."""

    def __init__(self, context: Context, settings: Settings, policies: PolicyBook, changed: asyncio.Event) -> None:
        self._context = context
        self._settings = settings
        self._policies = policies
        self._changed = changed
        """Set after scores changed, to wake the publisher."""

    async def round(self) -> bool:
        """Returns False: there is nothing to do before the next period."""
        context, policies, now = self._context, self._policies, self._context.clock.now()
        score, discipline = self._settings.scoring_policy_file, self._settings.discipline_rules_file
        async with context.database.transaction() as session:
            await load_defaults(session, score.read_bytes(), discipline.read_bytes(), now)
        semester = Semester.of(context.date_of(now - OPENS_AFTER))
        async with context.database.transaction() as session:
            opened = await open_semester(session, semester, policies, now)
        if opened:
            await rescore(context, policies, semester)
        if await complete_requested_rescores(context, policies) or opened:
            self._changed.set()
        return False
