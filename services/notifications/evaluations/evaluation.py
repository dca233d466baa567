"""The periodic evaluation: stores the scores of each interval and creates the notices that consecutive values justify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.evaluations.queries import BEST_VALUE_SINCE, LAST_COACHING, TAKE_DUE_SCORES
from services.notifications.evaluations.tables import EvaluationRow
from services.notifications.grounds.records import TREND_LENGTH, Person, Trend, TrendKey, read_people, read_trends
from services.notifications.grounds.rules.grounds import indicator_ground, reward_ground, value_of
from services.notifications.grounds.rules.rule_set import SUBJECTS, coaching_due, held, nudge_due
from services.notifications.notices.life_cycle import NewNotice
from services.notifications.notices.queries import lock_officers
from services.notifications.notices.upkeep import Upkeep
from shared.contracts.events.score import ScoreRecord
from shared.contracts.semester import Semester
from shared.db.set_aside import Batches
from shared.service.context import Context

__all__ = ["Evaluation"]

OFFICERS_AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class _Assessed:
    """An officer's score, and when it is evaluated."""

    score: ScoreRecord
    person: Person
    now: datetime


class Evaluation:
    """Evaluates each score of the current semester once per interval of the rules; several processes may run it.

    An officer whose evaluation fails stays due and is skipped.
    """

    def __init__(self, context: Context, upkeep: Upkeep) -> None:
        self._context = context
        self._upkeep = upkeep
        self._batches: Batches[UUID] = Batches("evaluation", OFFICERS_AT_A_TIME, context.metrics)

    async def round(self) -> bool:
        """One round; True when there may be more."""
        return await self._batches.run(self._batch)

    async def _batch(self) -> bool:
        now, rules, most = self._context.clock.now(), self._upkeep.rules, self._batches.most
        values = {
            "now": now,
            "semester": str(Semester.of(self._context.date_of(now))),
            "before": now - rules.evaluation_interval,
            "most": most,
            "without": self._batches.without,
        }
        async with self._context.database.transaction() as session:
            rows = await TAKE_DUE_SCORES.all(session, values)
            self._batches.took(row.employee_id for row in rows)
            scores = [ScoreRecord.model_validate_json(row.record) for row in rows]
            employees = [score.employee_id for score in scores]
            await lock_officers(session, employees)
            people = await read_people(session, employees)
            histories = await self._store_values(session, scores, now)
            for score in scores:
                await self._evaluate(session, _Assessed(score, people.get(score.employee_id, Person()), now), histories)
            await self._upkeep.follow(session, employees)  # letters also state the trend of evaluations
        return len(rows) == most

    async def _store_values(
        self, session: AsyncSession, scores: Sequence[ScoreRecord], now: datetime
    ) -> dict[TrendKey, Trend]:
        """Stores an evaluation of each subject of these scores; returns the newest evaluations, with these."""
        evaluations = [_evaluation(score, subject, now) for score in scores for subject in SUBJECTS]
        session.add_all(evaluations)
        await session.flush()
        keys = {(one.employee_id, one.semester, one.subject) for one in evaluations}
        most = max(TREND_LENGTH, self._upkeep.rules.reward.evaluations)
        return await read_trends(session, keys, most, self._context.zone)

    async def _evaluate(self, session: AsyncSession, of: _Assessed, histories: Mapping[TrendKey, Trend]) -> None:
        for subject in SUBJECTS:
            history = histories[of.score.employee_id, of.score.semester, subject]
            if subject == "score":
                await self._reward(session, of, [one for _, one in history])
            await self._help(session, of, subject, history)

    async def _reward(self, session: AsyncSession, of: _Assessed, history: list[Decimal | None]) -> None:
        """Drafts a reward if it is due."""
        officer, semester, rules = of.score.employee_id, of.score.semester, self._upkeep.rules
        ground = reward_ground(of.score, rules)
        if ground.gone is None and held(history, rules):
            facts = {**ground.facts, "officer": of.person.facts}
            new = NewNotice("reward", officer, officer, semester, facts, ["SCORE_AT_REWARD_LEVEL"], semester)
            await self._upkeep.notices.create(session, new)

    async def _help(self, session: AsyncSession, of: _Assessed, subject: str, history: Trend) -> None:
        """Drafts an offer of coaching, or sends a nudge, if it is due."""
        rules, officer = self._upkeep.rules, of.score.employee_id
        limits, indicator = rules.coaching[subject], "" if subject == "score" else subject
        last = (await LAST_COACHING.one(session, {"employee": officer, "indicator": indicator})).created_at
        best = None
        if last is not None:
            since = {"employee": officer, "subject": subject, "since": last}
            best = (await BEST_VALUE_SINCE.one(session, since)).value
        values = [value for _, value in history]
        coaching = coaching_due(values, limits, last, best, of.now, rules)
        if not coaching and not nudge_due(values, limits):
            return
        local = of.now.astimezone(self._context.zone)
        ground = indicator_ground(
            "coaching" if coaching else "nudge", subject, of.score, history[-TREND_LENGTH:], rules
        )
        new = NewNotice(
            kind="coaching" if coaching else "nudge",
            employee_id=officer,
            recipient_id=officer,
            # at most one nudge per month and indicator; a coaching episode is identified by its first day
            period=f"{local:%Y-%m-%d}" if coaching else f"{local:%Y-%m}",
            facts={**ground.facts, "officer": of.person.facts},
            reasons=["BELOW_ENTRY_THRESHOLD"],
            semester=of.score.semester,
            indicator=indicator,
        )
        await self._upkeep.notices.create(session, new)


def _evaluation(score: ScoreRecord, subject: str, now: datetime) -> EvaluationRow:
    value = value_of(score, subject)
    return EvaluationRow(
        employee_id=score.employee_id,
        semester=score.semester,
        subject=subject,
        value=None if value is None else str(value),
        evaluated_at=now,
    )
