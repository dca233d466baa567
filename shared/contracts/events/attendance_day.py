"""asn.attendance-day.v1: one officer's one work date."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Code, Identifier, OffsetDateTime, Part, PercentText, Record

__all__ = ["AttendanceDayRecord", "DayState", "DayStatus", "Deduction", "RuleRef"]

DayState = Literal["provisional", "final"]
DayStatus = Literal["present", "absent", "excused", "official_duty", "off", "unknown"]
Minutes = Annotated[int, Field(ge=0, le=2880)]


class Deduction(Part):
    """A late, early-leave, missing-punch or absence band and its percent of the monthly allowance."""

    code: Code
    """The band's name in the rule set."""
    percent: PercentText
    """Percent of the monthly allowance, 0 to 100."""


class RuleRef(Part):
    """The dated rule set behind a result."""

    id: Identifier
    """The rule set's name."""
    version: Annotated[int, Field(ge=1)]
    """Its version, from 1."""


class AttendanceDayRecord(Record):
    """One officer's one work date. A night shift belongs to the date on which it starts.

    A day is provisional until every machine of the officer's site has reported past the end of the shift's window;
    only a final day may be absent. Minutes are whole minutes, without breaks.
    """

    employee_id: UUID
    """The officer."""
    work_date: date
    """The date on which the shift starts, in the unit's zone."""
    state: DayState
    """Whether machines may still report punches of this day (provisional) or all have (final)."""
    status: DayStatus
    """What the day was. `unknown` (no working machine, an open holiday or roster) has no effect on the score."""
    excuse: Code | None = None
    """The kind of leave, duty or holiday behind the status; also set on a day that is half excused."""
    scheduled_minutes: Minutes
    """Scheduled minutes; 0 on a day off."""
    credited_minutes: Minutes
    """Minutes that count as worked: scheduled less late and early-leave minutes, 0 when absent."""
    late_minutes: Minutes = 0
    """Minutes late, rounded up to the next whole minute."""
    early_leave_minutes: Minutes = 0
    """Minutes left early, rounded up to the next whole minute."""
    missing_punches: tuple[Literal["in", "out"], ...] = ()
    """The side or sides of the shift without a punch."""
    first_in: OffsetDateTime | None = None
    """The punch taken as the arrival, with the offset of the unit's zone."""
    last_out: OffsetDateTime | None = None
    """The punch taken as the departure, with the offset of the unit's zone."""
    deductions: tuple[Deduction, ...] = ()
    """Deductions from the allowance for this day."""
    rule: RuleRef
    """The rule set that the day was computed with."""
    reasons: tuple[Code, ...] = ()
    """Why the day has this result; docs/working-time.md lists the codes."""
    org_unit_id: Identifier
    """The officer's unit on that date."""
