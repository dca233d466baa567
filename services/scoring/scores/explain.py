"""Builds the explanation of a score: rule, numbers, and every fact behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.facts.decode import FeedbackContent, decode_day, decode_feedback
from services.scoring.facts.rules.rating_groups import Rating, rating_groups
from services.scoring.policy.policies import PolicyBook
from services.scoring.policy.rules.policy import ScorePolicy, policy_to_mapping
from services.scoring.policy.rules.score import IndicatorScore, score
from services.scoring.scores.explanation import (
    DayEvidence,
    ExplainedIndicator,
    Explanation,
    Facts,
    FeedbackEvidence,
    Part,
    RatingGroup,
)
from services.scoring.totals.rules.contribution import DAY_TOTALS, NO_TOTALS, TOTALS
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.semester import Semester
from shared.errors.errors import NotFoundError

__all__ = ["EVIDENCE_NOTE", "UNKNOWN_OFFICER", "explain"]

UNKNOWN_OFFICER = "No such officer. List the officers with GET /attendance/v1/employees."

EVIDENCE_NOTE = (
    "Nilai ini adalah bukti bagi pejabat penilai kinerja, bukan predikat kinerja: predikat diberikan oleh pejabat"
    " penilai menurut PermenPANRB Nomor 6 Tahun 2022."
)


async def explain(session: AsyncSession, policies: PolicyBook, employee_id: UUID, semester: Semester) -> Explanation:
    """Raises NotFoundError for an unknown officer."""
    key = {"employee": employee_id, "semester": semester.number}
    row = (await session.execute(_TOTAL, key)).first()
    unit = (
        await session.execute(text("select org_unit_id from employee where employee_id = :employee"), key)
    ).scalar_one_or_none()
    if row is None and unit is None:
        raise NotFoundError(UNKNOWN_OFFICER)
    totals = tuple(getattr(row, name) for name in TOTALS) if row else NO_TOTALS
    policy = await policies.policy(session, semester)
    result = score(totals, policy, unit)
    year = {"employee": employee_id, "year": semester.year}
    discipline = (await session.execute(_DISCIPLINE, year)).scalar_one_or_none()
    return Explanation(
        employee_id=employee_id,
        org_unit_id=unit,
        semester=str(semester),
        revision=row.revision or 0 if row else 0,
        as_of=row.as_of if row else None,
        score=result.score,
        band=result.band,
        complete=result.complete,
        unexcused_days=totals[TOTALS.index("unexcused_days")],
        reasons=list(result.reasons),
        indicators=[_indicator(item) for item in result.indicators],
        policy=policy_to_mapping(policy),
        note=EVIDENCE_NOTE,
        discipline=DisciplineRecord.model_validate_json(discipline) if discipline else None,
        facts=await _facts(session, employee_id, semester, policy),
    )


_TOTAL = text(
    f"""
    select t.as_of, p.revision, {", ".join(f"t.{name}" for name in TOTALS)}
    from semester_total t left join published_score p using (employee_id, semester)
    where employee_id = :employee and semester = :semester
    """
)
_DISCIPLINE = text("select record from discipline_year where employee_id = :employee and year = :year")
_DAYS = text(
    f"""
    select work_date, revision, record, {", ".join(DAY_TOTALS)} from day_fact
    where employee_id = :employee and work_date between :first and :last order by work_date
    """
)
_FEEDBACK = text(
    """
    select feedback_id, revision, totals, record from feedback_fact where employee_id = :employee and semester = :semester
    order by feedback_id
    """
)


def _indicator(item: IndicatorScore) -> ExplainedIndicator:
    fields = ("name", "weight", "state", "n", "value", "sum", "count", "prior", "prior_strength")
    return ExplainedIndicator(
        name=item.name,
        state=item.state,
        value=item.value,
        weight=item.weight,
        effective_weight=item.effective_weight,
        n=item.n,
        numerator=item.numerator,
        denominator=item.denominator,
        interval=item.interval,
        parts=[Part(**{name: getattr(part, name) for name in fields}) for part in item.parts],
    )


async def _facts(session: AsyncSession, employee_id: UUID, semester: Semester, policy: ScorePolicy) -> Facts:
    span = {"employee": employee_id, "first": semester.first_day, "last": semester.last_day}
    days = [
        _day(work_date, revision, evidence, contribution)
        for work_date, revision, evidence, *contribution in await session.execute(_DAYS, span)
    ]
    rows = (await session.execute(_FEEDBACK, {"employee": employee_id, "semester": semester.number})).all()
    feedback = [(row, decode_feedback(row.record)) for row in rows]
    ratings = [
        Rating(item.group_id, item.given_at.date(), any(row.totals), dict(item.ratings or {}))
        for row, item in feedback
        if item.kind == "citizen_rating"
    ]
    groups, withheld = rating_groups(ratings, policy.minimum_ratings)
    return Facts(
        days=days,
        feedback=[_feedback(row, item) for row, item in feedback if item.kind != "citizen_rating"],
        rating_groups=[
            RatingGroup(given_on=group.given_on, n=group.n, means=dict(group.means), counted=group.counted)
            for group in groups
        ],
        citizen_ratings_withheld=withheld,
    )


def _day(work_date: date, revision: int, evidence: bytes, contribution: Sequence[int]) -> DayEvidence:
    day = decode_day(evidence)
    added = dict(zip(DAY_TOTALS, contribution, strict=True))
    return DayEvidence(
        work_date=work_date,
        revision=revision,
        state=day.state,
        status=day.status,
        excuse=day.excuse,
        scheduled_minutes=day.scheduled_minutes,
        credited_minutes=day.credited_minutes,
        late_minutes=day.late_minutes,
        early_leave_minutes=day.early_leave_minutes,
        missing_punches=list(day.missing_punches),
        first_in=day.first_in,
        last_out=day.last_out,
        reasons=list(day.reasons),
        rule=f"{day.rule.id} {day.rule.version}",
        counted=added["final_days"] > 0,
        contribution=added,
    )


def _feedback(row: Any, item: FeedbackContent) -> FeedbackEvidence:
    points = item.points or {}
    return FeedbackEvidence(
        feedback_id=row.feedback_id,
        revision=row.revision,
        kind=item.kind,
        state=item.state,
        given_on=item.given_at.date(),
        assessment={name: str(Decimal(str(value))) for name, value in points.items() if value is not None},
        counted=any(row.totals),
    )
