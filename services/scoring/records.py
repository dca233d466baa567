"""Builds the published records from totals and rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from services.scoring.domain.contribution import TOTALS, Contribution
from services.scoring.domain.discipline import discipline
from services.scoring.domain.ladder import DisciplineRules
from services.scoring.domain.policy import ScorePolicy
from services.scoring.domain.score import ScoreResult, score
from shared.contracts.attendance_day import RuleRef
from shared.contracts.discipline import DisciplineRecord
from shared.contracts.score import Indicator, Interval, PolicyRef, ScoreRecord
from shared.contracts.semester import Semester

__all__ = ["discipline_record", "same_content", "score_record"]

_PROVISIONAL_DAYS = TOTALS.index("provisional_days")
_UNEXCUSED_DAYS = TOTALS.index("unexcused_days")
_STAMPS = frozenset({"revision", "recorded_at", "as_of"})


def score_record(
    employee_id: UUID,
    unit_id: str | None,
    semester: Semester,
    totals: Contribution,
    policy: ScorePolicy,
    *,
    revision: int,
    as_of: datetime,
    now: datetime,
    today: date,
) -> ScoreRecord:
    """An officer's score. It is final when the semester has ended and none of its days is provisional."""
    result = score(totals, policy, unit_id)
    final = today > semester.last_day and totals[_PROVISIONAL_DAYS] == 0
    return ScoreRecord(
        revision=revision,
        recorded_at=now,
        employee_id=employee_id,
        org_unit_id=unit_id,
        semester=str(semester),
        state="final" if final else "provisional",
        score=result.score,
        band=result.band,
        complete=result.complete,
        indicators=_indicators(result),
        unexcused_days=totals[_UNEXCUSED_DAYS],
        policy=PolicyRef(id=policy.id, version=policy.version, decree=policy.decree),
        reasons=result.reasons,
        as_of=as_of,
    )


def _indicators(result: ScoreResult) -> tuple[Indicator, ...]:
    return tuple(
        Indicator.model_validate(
            {
                "name": item.name,
                "value": item.value,
                "weight": item.weight,
                "n": item.n,
                "numerator": item.numerator,
                "denominator": item.denominator,
                "interval": Interval(low=item.interval[0], high=item.interval[1]) if item.interval else None,
                "state": item.state,
            }
        )
        for item in result.indicators
    )


def discipline_record(
    employee_id: UUID,
    year: int,
    days: Sequence[tuple[date, bool]],
    employment_type: str | None,
    rules: DisciplineRules,
    *,
    revision: int,
    now: datetime,
) -> DisciplineRecord:
    """An officer's unexcused days of a year; an officer who is not on the roster (yet) has no ladder."""
    ladder = rules.ladder_for(employment_type) if employment_type is not None else None
    result = discipline(days, year, ladder)
    return DisciplineRecord.model_validate(
        {
            "revision": revision,
            "recorded_at": now,
            "employee_id": employee_id,
            "year": year,
            "cumulative_days": result.cumulative_days,
            "longest_streak_days": result.longest_streak_days,
            "current_streak_days": result.current_streak_days,
            "step": result.step,
            "level": result.level,
            "steps_reached": result.steps_reached,
            "unexcused_dates": result.dates,
            "rule": RuleRef(id=rules.id, version=rules.version),
            "reasons": result.reasons,
        }
    )


def same_content(one: ScoreRecord | DisciplineRecord, other: ScoreRecord | DisciplineRecord) -> bool:
    """Whether two records are equal except for revision and times."""
    return one.model_dump(exclude=set(_STAMPS)) == other.model_dump(exclude=set(_STAMPS))
