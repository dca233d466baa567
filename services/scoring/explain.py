"""The whole explanation of a score: rule, numbers, and every fact behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.decode import FeedbackContent, decode_day, decode_feedback
from services.scoring.domain.contribution import DAY_TOTALS, NO_TOTALS, TOTALS
from services.scoring.domain.policy import ScorePolicy, policy_to_mapping
from services.scoring.domain.rating_groups import Rating, rating_groups
from services.scoring.domain.score import IndicatorScore, score
from services.scoring.policies import PolicyBook
from shared.contracts.base import DecimalText
from shared.contracts.discipline import DisciplineRecord
from shared.contracts.semester import Semester
from shared.errors import NotFoundError
from shared.openapi.models import Answer

__all__ = ["EVIDENCE_NOTE", "UNKNOWN_OFFICER", "Explanation", "explain"]

UNKNOWN_OFFICER = "No such officer. List the officers with GET /attendance/v1/employees."

EVIDENCE_NOTE = (
    "Nilai ini adalah bukti bagi pejabat penilai kinerja, bukan predikat kinerja: predikat diberikan oleh pejabat"
    " penilai menurut PermenPANRB Nomor 6 Tahun 2022."
)


class Part(Answer):
    """One source of an indicator: supervisors or citizens."""

    name: str
    """`supervisors` or `citizens`."""
    weight: DecimalText
    """The part's share of the indicator by the policy, 0 to 1."""
    state: str
    """`assessed`, `too_few` (too few ratings to show) or `missing` (no data)."""
    n: int
    """How many assessments, or full forms' worth of citizens' ratings."""
    value: DecimalText | None
    """Points, 0 to 100 with 2 places; null unless assessed."""
    sum: DecimalText | None
    """The sum behind the mean: points (supervisors) or weighted ratings of 1 to 4 (citizens); null unless assessed."""
    count: DecimalText | None
    """The weighted number behind the mean; null unless assessed."""
    prior: DecimalText | None
    """Citizens: the mean of 1 to 4 towards which few ratings are drawn; else null."""
    prior_strength: int | None
    """Citizens: how many ratings the prior weighs as; else null."""


class ExplainedIndicator(Answer):
    """An indicator with the numbers of its formula."""

    name: str
    """`attendance`, `work_quality` or `public_communication`."""
    state: str
    """`assessed`, `too_few` or `missing`."""
    value: DecimalText | None
    """0 to 100 with 2 places; null unless assessed."""
    weight: DecimalText
    """The indicator's share of the score by the policy, 0 to 1."""
    effective_weight: DecimalText
    """Its share after the weight of indicators without data was spread over the others, 0 to 1."""
    n: int
    """How many days, ratings or assessments are behind it."""
    numerator: int | None
    """Attendance: credited minutes; else null."""
    denominator: int | None
    """Attendance: scheduled minutes; else null. The value is 100 × numerator ÷ denominator."""
    interval: tuple[DecimalText, DecimalText] | None
    """The 95 % interval of the value, lower and upper end, 0 to 100; null where there is none."""
    parts: list[Part]
    """Who gave the evidence; empty for attendance."""


class DayEvidence(Answer):
    """One work date and what it adds."""

    work_date: date
    revision: int
    """The revision of the day's record."""
    state: str
    """`provisional`: punches may still come. `final`: all have come."""
    status: str
    """`present`, `absent`, `excused`, `official_duty`, `off` or `unknown`."""
    excuse: str | None
    """The kind of leave, duty or holiday; null without one."""
    scheduled_minutes: int
    """Minutes that the officer had to work; 0 on a day off."""
    credited_minutes: int
    """Minutes that count as worked."""
    late_minutes: int
    """Minutes late."""
    early_leave_minutes: int
    """Minutes left early."""
    missing_punches: list[str]
    """The sides of the shift without a punch: `in`, `out`."""
    first_in: datetime | None
    """The punch taken as the arrival; null without one."""
    last_out: datetime | None
    """The punch taken as the departure; null without one."""
    reasons: list[str]
    """Why the day came out so, as codes; docs/working-time.md lists them."""
    rule: str
    """The attendance rule set and its version."""
    counted: bool
    """Whether the day counts in the score: only final, scheduled days do, and none that is excused or unknown."""
    contribution: dict[str, int]
    """What the day adds to the semester's totals: minutes and days."""


class FeedbackEvidence(Answer):
    """One supervisor's assessment."""

    feedback_id: UUID
    """The assessment."""
    revision: int
    """The revision of its record."""
    kind: str
    """`supervisor_assessment`."""
    state: str
    """`accepted`, or `withdrawn` where it no longer counts."""
    given_on: date
    """Its date."""
    assessment: dict[str, str]
    """Indicator to points, 0 to 100."""
    counted: bool
    """Whether it counts in the score."""


class RatingGroup(Answer):
    """Citizens' ratings that were published together; single ratings are never shown.

    `given_on` is the date of the latest one. `means` are of ratings 1..4, rounded half up to 2 places; an element that
    some of the group did not answer is left out. `counted` is false for a withdrawn group.
    """

    given_on: date
    """The date of the latest rating."""
    n: int
    """How many ratings the group has."""
    means: dict[str, DecimalText]
    """Survey element to its mean, 1 to 4 with 2 places."""
    counted: bool
    """False for a group that was withdrawn."""


class Facts(Answer):
    """Every fact of the semester; citizens' ratings in groups. `citizen_ratings_withheld` counts those in no group
    that may be shown.
    """

    days: list[DayEvidence]
    """Every work date of the semester that is known, by date."""
    feedback: list[FeedbackEvidence]
    """Every assessment of a supervisor."""
    rating_groups: list[RatingGroup]
    """The groups of citizens' ratings."""
    citizen_ratings_withheld: int
    """How many citizens' ratings are in no group that may be shown."""


class Explanation(Answer):
    """A score and everything behind it."""

    employee_id: UUID
    org_unit_id: str | None
    """The officer's unit; null where it is not known here."""
    semester: str
    revision: Annotated[int, Field(description="Of the published record; 0 before the first.")]
    as_of: datetime | None
    """The newest fact in the score; null before the first."""
    score: DecimalText | None
    """0 to 100 with 2 places; null where there is nothing to score."""
    band: str | None
    """The band of the policy that the score falls in; null without a score."""
    complete: bool
    """False where an indicator could not be assessed."""
    unexcused_days: int
    """Whole unexcused working days in the semester."""
    reasons: list[str]
    """Why the score is what it is, as codes."""
    indicators: list[ExplainedIndicator]
    """The parts of the score."""
    policy: dict[str, Any]
    """The rule set that made the score, whole."""
    note: str
    """What the score is and is not, in Indonesian, for the officer."""
    discipline: DisciplineRecord | None
    """The officer's absences of the calendar year; null where there are none."""
    facts: Facts
    """Every fact behind the score."""


async def explain(session: AsyncSession, policies: PolicyBook, employee_id: UUID, semester: Semester) -> Explanation:
    """Raises NotFoundError for an officer of whom nothing is known."""
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
