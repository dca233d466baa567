"""Builds the published discipline record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from services.scoring.discipline.queries import ChangedYear
from services.scoring.discipline.rules.discipline import discipline
from services.scoring.policy.rules.ladder import DisciplineRules
from shared.contracts.events.attendance_day import RuleRef
from shared.contracts.events.discipline import DisciplineRecord

__all__ = ["discipline_record"]


def discipline_record(
    row: ChangedYear,
    days: Sequence[tuple[date, bool]],
    employment_type: str | None,
    rules: DisciplineRules,
    now: datetime,
) -> DisciplineRecord:
    """The next record of an officer's unexcused days of a year; an officer who is not on the roster (yet) has no ladder."""
    ladder = rules.ladder_for(employment_type) if employment_type is not None else None
    result = discipline(days, row.year, ladder)
    return DisciplineRecord.model_validate(
        {
            "revision": row.revision + 1,
            "recorded_at": now,
            "employee_id": row.employee_id,
            "year": row.year,
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
