"""asn.discipline.v1: unexcused days of one calendar year."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.attendance_day import RuleRef
from shared.contracts.base import Code, Record

__all__ = ["DisciplineRecord"]

Days = Annotated[int, Field(ge=0, le=366)]


class DisciplineRecord(Record):
    """Whole working days absent without a valid reason (PP 94/2021 art. 9-11), and the step that they reach.

    An alert for the direct superior, never a sanction. `step` is null below the first step and for employment types
    without a ladder. Streaks run over scheduled working days and may cross the year.
    """

    employee_id: UUID
    year: Annotated[int, Field(ge=2000, le=9999)]
    cumulative_days: Days
    longest_streak_days: Annotated[int, Field(ge=0)]
    current_streak_days: Annotated[int, Field(ge=0)]
    step: Code | None = None
    level: Literal["LIGHT", "MEDIUM", "HEAVY"] | None = None
    rule: RuleRef
    reasons: tuple[Code, ...] = ()
