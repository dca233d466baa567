"""The periodic evaluation: stores the scores of each interval and creates the notices that consecutive values justify."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.records import TREND_LENGTH, Person, read_records
from services.notifications.grounds.rules.grounds import indicator_ground, reward_ground, value_of
from services.notifications.grounds.rules.rule_set import SUBJECTS, coaching_due, held, nudge_due
from services.notifications.notices.life_cycle import lock_officers
from services.notifications.notices.upkeep import Upkeep
from shared.contracts.events.score import ScoreRecord
from shared.contracts.semester import Semester
from shared.db.set_aside import Batches
from shared.service.context import Context

__all__ = ["Evaluation"]

OFFICERS_AT_A_TIME = 200

_DUE = text(
    """
    update score s set evaluated_at = :now
    from (select employee_id, semester from score
          where semester = :semester and (evaluated_at is null or evaluated_at <= :before)
            and employee_id <> all(cast(:without as uuid[]))
          order by employee_id limit :most for update skip locked) as c
    where s.employee_id = c.employee_id and s.semester = c.semester
    returning s.employee_id, s.record
    """
)
_EVALUATED = text(
    "insert into evaluation (employee_id, semester, subject, value, evaluated_at)"
    " values (:employee, :semester, :subject, :value, :now)"
)
_HISTORY = text(
    """
    select value, evaluated_at from (select id, value, evaluated_at from evaluation
                                     where employee_id = :employee and semester = :semester and subject = :subject
                                     order by id desc limit :most) as newest
    order by id
    """
)
# A withdrawn draft was never sent, so it starts no episode.
_LAST = text(
    """
    select max(created_at) from notice
    where employee_id = :employee and kind = 'coaching' and indicator = :indicator and state <> 'withdrawn'
    """
)
_BEST_SINCE = text(
    """
    select max(cast(value as numeric)) from evaluation
    where employee_id = :employee and subject = :subject and evaluated_at > :since
    """
)


class Evaluation:
    """Evaluates each score of the current semester once per interval of the rules; several processes may run it.

    An officer whose evaluation fails stays due and is skipped.
    """

    def __init__(self, context: Context, upkeep: Upkeep) -> None:
        self.context = context
        self.upkeep = upkeep
        self._batches: Batches[UUID] = Batches("evaluation", OFFICERS_AT_A_TIME, context.metrics)

    async def round(self) -> bool:
        """One round; True when there may be more."""
        return await self._batches.run(self._batch)

    async def _batch(self) -> bool:
        now, rules = self.context.clock.now(), self.upkeep.rules
        semester = str(Semester.of(now.astimezone(self.context.zone).date()))
        async with self.context.database.transaction() as session:
            values = {
                "now": now,
                "semester": semester,
                "before": now - rules.evaluation_interval,
                "most": self._batches.most,
                "without": self._batches.without,
            }
            rows = (await session.execute(_DUE, values)).all()
            self._batches.took(row.employee_id for row in rows)
            scores = [ScoreRecord.model_validate_json(row.record) for row in rows]
            employees = [score.employee_id for score in scores]
            await lock_officers(session, employees)
            people = (await read_records(session, employees, [], self.context.zone)).people
            for score in scores:
                await self._evaluate(session, score, people.get(score.employee_id, Person()), now)
            await self.upkeep.follow(session, employees)  # letters also state the trend of evaluations
        return len(rows) == values["most"]

    async def _evaluate(self, session: AsyncSession, score: ScoreRecord, person: Person, now: datetime) -> None:
        most = max(TREND_LENGTH, self.upkeep.rules.reward_evaluations)
        for subject in SUBJECTS:
            value = value_of(score, subject)
            key = {"employee": score.employee_id, "semester": score.semester, "subject": subject}
            await session.execute(_EVALUATED, {**key, "value": None if value is None else str(value), "now": now})
            rows = (await session.execute(_HISTORY, {**key, "most": most})).all()
            history = [
                (
                    row.evaluated_at.astimezone(self.context.zone).date(),
                    None if row.value is None else Decimal(row.value),
                )
                for row in rows
            ]
            if subject == "score":
                await self._reward(session, score, person, [value for _, value in history])
            await self._help(session, score, person, subject, history, now)

    async def _reward(
        self, session: AsyncSession, score: ScoreRecord, person: Person, history: list[Decimal | None]
    ) -> None:
        ground = reward_ground(score, self.upkeep.rules)
        if ground.gone is None and held(history, self.upkeep.rules):
            await self.upkeep.notices.make(
                session, "reward", score.employee_id, state="draft", semester=score.semester, period=score.semester,
                evidence={**ground.facts, "officer": person.facts}, reasons=["SCORE_AT_REWARD_LEVEL"],
            )  # fmt: skip

    async def _help(
        self,
        session: AsyncSession,
        score: ScoreRecord,
        person: Person,
        subject: str,
        history: list[tuple[date, Decimal | None]],
        now: datetime,
    ) -> None:
        limits = self.upkeep.rules.coaching[subject]
        indicator = "" if subject == "score" else subject
        last = (await session.execute(_LAST, {"employee": score.employee_id, "indicator": indicator})).scalar_one()
        best = None if last is None else await _best_since(session, score.employee_id, subject, last)
        values = [value for _, value in history]
        coaching = coaching_due(values, limits, last, best, now, self.upkeep.rules)
        if not coaching and not nudge_due(values, limits):
            return
        local = now.astimezone(self.context.zone)
        kind: Literal["coaching", "nudge"] = "coaching" if coaching else "nudge"
        ground = indicator_ground(kind, subject, score, history[-TREND_LENGTH:], self.upkeep.rules)
        await self.upkeep.notices.make(
            session,
            kind,
            score.employee_id,
            state="draft" if coaching else "released",
            semester=score.semester,
            indicator=indicator,
            # at most one nudge per month and indicator; a coaching episode is identified by its first day
            period=f"{local:%Y-%m-%d}" if coaching else f"{local:%Y-%m}",
            evidence={**ground.facts, "officer": person.facts},
            reasons=["BELOW_ENTRY_THRESHOLD"],
        )


async def _best_since(session: AsyncSession, employee_id: UUID, subject: str, since: datetime) -> Decimal | None:
    values = {"employee": employee_id, "subject": subject, "since": since}
    best: Decimal | None = (await session.execute(_BEST_SINCE, values)).scalar_one()
    return best
