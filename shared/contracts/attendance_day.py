"""asn.attendance-day.v1: one officer's one work date."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.base import Code, DecimalText, Identifier, OffsetDateTime, Record

__all__ = ["AttendanceDayRecord", "DayState", "DayStatus", "Deduction", "RuleRef"]

DayState = Literal["provisional", "final"]
DayStatus = Literal["present", "absent", "excused", "official_duty", "off", "unknown"]
Minutes = Annotated[int, Field(ge=0, le=2880)]


class Deduction(BaseModel):
    """A late, early-leave, missing-punch or absence band and its percent of the monthly allowance."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: Code
    percent: DecimalText


class RuleRef(BaseModel):
    """The dated rule set that gave a result."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Identifier
    version: Annotated[int, Field(ge=1)]


class AttendanceDayRecord(Record):
    """One officer's one work date. A night shift belongs to the date on which it starts.

    A day is provisional until every machine of the officer's site has reported past the end of the shift's window;
    only a final day may be absent. Minutes are whole minutes, without breaks.
    """

    employee_id: UUID
    work_date: date
    state: DayState
    status: DayStatus
    excuse: Code | None = None
    scheduled_minutes: Minutes
    credited_minutes: Minutes
    late_minutes: Minutes = 0
    early_leave_minutes: Minutes = 0
    missing_punches: tuple[Literal["in", "out"], ...] = ()
    first_in: OffsetDateTime | None = None
    last_out: OffsetDateTime | None = None
    deductions: tuple[Deduction, ...] = ()
    rule: RuleRef
    reasons: tuple[Code, ...] = ()
    org_unit_id: Identifier
