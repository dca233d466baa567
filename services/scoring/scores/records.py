"""Builds the published records from totals and rules."""

from __future__ import annotations

from datetime import date, datetime

from services.scoring.policy.rules.policy import ScorePolicy
from services.scoring.policy.rules.score import ScoreResult, score
from services.scoring.scores.queries import ChangedTotals
from services.scoring.scores.rules.final import is_final
from services.scoring.totals.rules.contribution import TOTALS
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.score import Indicator, Interval, PolicyRef, ScoreRecord
from shared.contracts.semester import Semester

__all__ = ["same_content", "score_record"]

_UNEXCUSED_DAYS = TOTALS.index("unexcused_days")
_STAMPS = frozenset({"revision", "recorded_at", "as_of"})


def score_record(
    row: ChangedTotals, unit_id: str | None, policy: ScorePolicy, *, revision: int, now: datetime, today: date
) -> ScoreRecord:
    """The record of an officer's score."""
    semester = Semester.from_number(row.semester)
    totals = tuple(row.totals)
    result = score(totals, policy, unit_id)
    return ScoreRecord(
        revision=revision,
        recorded_at=now,
        employee_id=row.employee_id,
        org_unit_id=unit_id,
        semester=str(semester),
        state="final" if is_final(semester, totals, today) else "provisional",
        score=result.score,
        band=result.band,
        complete=result.complete,
        indicators=_indicators(result),
        unexcused_days=totals[_UNEXCUSED_DAYS],
        policy=PolicyRef(id=policy.id, version=policy.version, decree=policy.decree),
        reasons=result.reasons,
        as_of=row.as_of,
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
