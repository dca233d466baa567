"""From scores to notices: at most one for each officer, kind, indicator and period, however often a record comes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.rules import NoticeRules, coaching_due, nudge_due, reward_due
from services.notifications.notices import publish, queue_delivery
from services.notifications.words import render
from shared.context import Context
from shared.contracts.discipline import DisciplineRecord
from shared.contracts.notice import NoticeKind, NoticeState
from shared.contracts.score import ScoreRecord
from shared.contracts.semester import Semester
from shared.ids import new_id

__all__ = ["Drafts"]

OFFICERS_AT_A_TIME = 200
TREND_LENGTH = 3

_EMPLOYEE = text("select name, org_unit_name, superior_id, email from employee where employee_id = :id")
_OFFICERS = text(
    """
    select employee_id, superior_id from employee
    where employee_id = any(cast(:employees as uuid[])) and superior_id is not null
    """
)
_ALERTED = text(
    """
    select employee_id, period from notice
    where kind = 'discipline_alert' and employee_id = any(cast(:employees as uuid[]))
    """
)
_DRAFT = text(
    """
    insert into notice (notice_id, revision, kind, employee_id, recipient_id, semester, indicator, period, state, reasons,
                        evidence, subject, body, created_at)
    values (:notice_id, 1, :kind, :employee_id, :recipient_id, :semester, :indicator, :period, :state, :reasons,
            :evidence, :subject, :body, :now)
    on conflict (employee_id, kind, indicator, period) do nothing
    returning *
    """
)
_DUE = text(
    """
    update score s set evaluated_at = :now
    from (select employee_id, semester from score
          where semester = :semester and (evaluated_at is null or evaluated_at <= :before)
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
    select value from (select id, value from evaluation
                       where employee_id = :employee and semester = :semester and subject = :subject
                       order by id desc limit :most) as newest
    order by id
    """
)
_LAST = text(
    "select max(created_at) from notice where employee_id = :employee and kind = 'coaching' and indicator = :indicator"
)
_BEST_SINCE = text(
    """
    select max(cast(value as numeric)) from evaluation
    where employee_id = :employee and subject = :subject and evaluated_at > :since
    """
)


@dataclass(frozen=True)
class Drafts:
    """Makes notices; used by the consumer and by the periodic evaluation."""

    context: Context
    rules: NoticeRules

    async def after_score(self, session: AsyncSession, score: ScoreRecord) -> None:
        """A reward is due as soon as the score says so."""
        if reward_due(score.score, complete=score.complete, unexcused_days=score.unexcused_days, rules=self.rules):
            evidence = {"value": str(score.score), "band": score.band, "unexcused_days": score.unexcused_days}
            await self._make(
                session, "reward", score.employee_id, "draft", semester=score.semester, period=score.semester,
                evidence=evidence, reasons=["SCORE_AT_REWARD_LEVEL"],
            )  # fmt: skip

    async def after_discipline(self, session: AsyncSession, years: Sequence[DisciplineRecord]) -> None:
        """An alert goes to the direct superior, who must examine (PP 94/2021 art. 26); it is no sanction."""
        reached = [year for year in years if year.step is not None]
        if not reached:
            return
        employees = {"employees": [year.employee_id for year in reached]}
        superiors = {row.employee_id: row.superior_id for row in await session.execute(_OFFICERS, employees)}
        alerted = {(row.employee_id, row.period) for row in await session.execute(_ALERTED, employees)}
        for year in reached:
            superior, period = superiors.get(year.employee_id), f"{year.year}/{year.step}"
            if superior is None or (year.employee_id, period) in alerted:
                continue
            evidence = {
                "cumulative_days": year.cumulative_days,
                "longest_streak_days": year.longest_streak_days,
                "step": year.step,
                "year": year.year,
            }
            await self.alert(
                session, year.employee_id, superior, period=period, evidence=evidence, reasons=["LADDER_STEP_REACHED"]
            )

    async def alert(
        self,
        session: AsyncSession,
        employee_id: UUID,
        recipient: UUID,
        *,
        period: str,
        evidence: Mapping[str, Any],
        reasons: list[str],
    ) -> None:
        """Tells a superior of an officer's unexcused absences; at most once for each period."""
        await self._make(
            session, "discipline_alert", employee_id, "released", recipient=recipient, period=period, evidence=evidence,
            reasons=reasons,
        )  # fmt: skip

    async def evaluate(self) -> bool:
        """One round of the periodic evaluation of the running semester; True when there may be more."""
        now = self.context.clock.now()
        semester = str(Semester.of(now.astimezone(self.context.zone).date()))
        async with self.context.database.transaction() as session:
            values = {
                "now": now,
                "semester": semester,
                "before": now - self.rules.evaluation_interval,
                "most": OFFICERS_AT_A_TIME,
            }
            rows = (await session.execute(_DUE, values)).all()
            for row in rows:
                await self._evaluate(session, ScoreRecord.model_validate_json(row.record), now)
        return len(rows) == OFFICERS_AT_A_TIME

    async def _evaluate(self, session: AsyncSession, score: ScoreRecord, now: datetime) -> None:
        values: dict[str, Decimal | None] = {"score": score.score if score.complete else None}
        for indicator in score.indicators:
            values[indicator.name] = indicator.value if indicator.state == "assessed" else None
        for subject, value in values.items():
            key = {"employee": score.employee_id, "semester": score.semester, "subject": subject}
            await session.execute(_EVALUATED, {**key, "value": None if value is None else str(value), "now": now})
            rows = (await session.execute(_HISTORY, {**key, "most": TREND_LENGTH})).scalars()
            history = [None if one is None else Decimal(one) for one in rows]
            await self._judge(session, score, subject, history, now)

    async def _judge(
        self, session: AsyncSession, score: ScoreRecord, subject: str, history: list[Decimal | None], now: datetime
    ) -> None:
        limits = self.rules.coaching[subject]
        indicator = "" if subject == "score" else subject
        last = (await session.execute(_LAST, {"employee": score.employee_id, "indicator": indicator})).scalar_one()
        best = None
        if last is not None:
            values = {"employee": score.employee_id, "subject": subject, "since": last}
            best = (await session.execute(_BEST_SINCE, values)).scalar_one()
        kind: NoticeKind
        state: NoticeState
        if coaching_due(history, limits, last, best, now, self.rules):
            kind, state = "coaching", "draft"
        elif nudge_due(history, limits):
            kind, state = "nudge", "released"
        else:
            return
        shown = next((item for item in score.indicators if item.name == subject), None)
        evidence = {
            "value": str(history[-1]),
            "target": str(limits.exit),
            "n": None if shown is None else shown.n,
            "interval": None if shown is None or shown.interval is None else shown.interval.model_dump(mode="json"),
            "trend": [None if one is None else str(one) for one in history],
        }
        local = now.astimezone(self.context.zone)
        # a nudge at most once a month and indicator; a coaching episode is named by the day it began
        period = f"{local:%Y-%m}" if kind == "nudge" else f"{local:%Y-%m-%d}"
        await self._make(
            session, kind, score.employee_id, state, semester=score.semester,
            indicator=indicator, period=period, evidence=evidence, reasons=["BELOW_ENTRY_THRESHOLD"],
        )  # fmt: skip

    async def _officer(self, session: AsyncSession, employee_id: UUID) -> Any:
        return (await session.execute(_EMPLOYEE, {"id": employee_id})).first()

    async def _make(
        self,
        session: AsyncSession,
        kind: NoticeKind,
        employee_id: UUID,
        state: NoticeState,
        *,
        period: str,
        evidence: Mapping[str, Any],
        reasons: list[str],
        semester: str | None = None,
        indicator: str = "",
        recipient: UUID | None = None,
    ) -> None:
        officer = await self._officer(session, employee_id)
        subject, body = render(
            kind,
            name=None if officer is None else officer.name,
            unit=None if officer is None else officer.org_unit_name,
            semester=semester,
            indicator=indicator,
            evidence=evidence,
            raised="NOT_ACKNOWLEDGED_BELOW" in reasons,
            objection_days=self.rules.objection_days,
            score_link=self.context.links.my_score(employee_id),
        )
        values = {
            "notice_id": new_id(),
            "kind": kind,
            "employee_id": employee_id,
            "recipient_id": recipient or employee_id,
            "semester": semester,
            "indicator": indicator,
            "period": period,
            "state": state,
            "reasons": json.dumps(reasons),
            "evidence": json.dumps(evidence),
            "subject": subject,
            "body": body,
            "now": self.context.clock.now(),
        }
        made = (await session.execute(_DRAFT, values)).mappings().first()
        if made is None:
            return
        await publish(self.context, session, made)
        if state == "released":
            await queue_delivery(session, made["notice_id"], self.context.clock.now())
