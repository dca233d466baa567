"""Builds the published records from totals and rules."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from services.scoring.policy.rules.policy import ScorePolicy
from services.scoring.policy.rules.score import ScoreResult, score
from services.scoring.totals.rules.contribution import TOTALS, Contribution
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.score import Indicator, Interval, PolicyRef, ScoreRecord
from shared.contracts.semester import Semester

__all__ = ["same_content", "score_record"]

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


def same_content(one: ScoreRecord | DisciplineRecord, other: ScoreRecord | DisciplineRecord) -> bool:
    """Whether two records are equal except for revision and times."""
    return one.model_dump(exclude=set(_STAMPS)) == other.model_dump(exclude=set(_STAMPS))
