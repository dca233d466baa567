"""Builds the explanation of a score: rule, numbers, and every fact behind them."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.scoring.discipline.tables import DisciplineYear
from services.scoring.explanation.models import (
    DayEvidence,
    ExplainedIndicator,
    Explanation,
    Facts,
    FeedbackEvidence,
    Part,
    RatingGroup,
)
from services.scoring.explanation.queries import (
    DAYS_OF_OFFICER,
    FEEDBACK_OF_OFFICER,
    TOTALS_OF_OFFICER,
    DayRow,
    FeedbackRow,
)
from services.scoring.facts.decode import FeedbackContent, decode_day, decode_feedback
from services.scoring.facts.rules.rating_groups import Rating, rating_groups
from services.scoring.facts.tables import Employee
from services.scoring.policy.policies import PolicyBook
from services.scoring.policy.rules.policy import ScorePolicy, policy_to_mapping
from services.scoring.policy.rules.score import IndicatorScore, score
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
    row = await TOTALS_OF_OFFICER.first(session, {"employee": employee_id, "semester": semester.number})
    officer = await session.get(Employee, employee_id)
    if row is None and officer is None:
        raise NotFoundError(UNKNOWN_OFFICER)
    unit = officer.org_unit_id if officer else None
    totals = tuple(row.totals) if row else NO_TOTALS
    policy = await policies.policy(session, semester)
    result = score(totals, policy, unit)
    year = await session.get(DisciplineYear, (employee_id, semester.year))
    discipline = year.record if year else None
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
    rows = await FEEDBACK_OF_OFFICER.all(session, {"employee": employee_id, "semester": semester.number})
    feedback = [(row, decode_feedback(row.record)) for row in rows]
    ratings = [
        Rating(
            content.group_id,
            content.given_at.date(),
            row.counted,
            content.ratings or {},
        )
        for row, content in feedback
        if content.kind == "citizen_rating"
    ]
    groups, withheld = rating_groups(ratings, policy.minimum_ratings)
    return Facts(
        days=[_day(row) for row in await DAYS_OF_OFFICER.all(session, span)],
        feedback=[_assessment(row, content) for row, content in feedback if content.kind != "citizen_rating"],
        rating_groups=[
            RatingGroup(given_on=group.given_on, n=group.n, means=dict(group.means), counted=group.counted)
            for group in groups
        ],
        citizen_ratings_withheld=withheld,
    )


def _day(row: DayRow) -> DayEvidence:
    day = decode_day(row.record)
    added = dict(zip(DAY_TOTALS, row.contribution, strict=True))
    return DayEvidence(
        work_date=row.work_date,
        revision=row.revision,
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


def _assessment(row: FeedbackRow, content: FeedbackContent) -> FeedbackEvidence:
    points = content.points or {}
    return FeedbackEvidence(
        feedback_id=row.feedback_id,
        revision=row.revision,
        kind=content.kind,
        state=content.state,
        given_on=content.given_at.date(),
        assessment={name: str(Decimal(str(value))) for name, value in points.items() if value is not None},
        counted=row.counted,
    )
