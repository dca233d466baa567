"""asn.discipline.v1: unexcused days of one calendar year."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Code, Record
from shared.contracts.events.attendance_day import RuleRef

__all__ = ["DisciplineRecord"]

Days = Annotated[int, Field(ge=0, le=366)]


class DisciplineRecord(Record):
    """Whole working days absent without a valid reason (PP 94/2021 art. 9-11), and the step that they reach.

    An alert for the direct superior, never a sanction. Streaks count scheduled working days and may cross the year.
    """

    employee_id: UUID
    """The officer."""
    year: Annotated[int, Field(ge=2000, le=9999)]
    """The calendar year, by the work date."""
    cumulative_days: Days
    """Unexcused working days of the year so far."""
    longest_streak_days: Annotated[int, Field(ge=0)]
    """The longest run of unexcused working days that includes days of the year."""
    current_streak_days: Annotated[int, Field(ge=0)]
    """Unexcused working days in a row up to the last final day."""
    step: Code | None = None
    """The step of the ladder that the days reach; null below the first and for employment types without a ladder."""
    level: Literal["LIGHT", "MEDIUM", "HEAVY"] | None = None
    """The level of that step."""
    steps_reached: tuple[Code, ...] = ()
    """Every step that the days reach, the lightest first; the last one is `step`. Empty in records that predate this field."""
    unexcused_dates: Annotated[tuple[date, ...], Field(max_length=732)] = ()
    """The unexcused working days in order: those of the year, and those before it whose streak runs into the year."""
    rule: RuleRef
    """The rule set that holds the ladder."""
    reasons: tuple[Code, ...] = ()
    """The reasons for the step."""
