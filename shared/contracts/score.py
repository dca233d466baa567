"""asn.score.v1: one officer's score of one semester."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.base import Code, DecimalText, Identifier, Record, SemesterText, UtcDateTime

__all__ = ["Indicator", "IndicatorName", "IndicatorState", "Interval", "PolicyRef", "ScoreRecord", "ScoreState"]

IndicatorName = Literal["attendance", "work_quality", "public_communication"]
IndicatorState = Literal["assessed", "too_few", "missing"]
ScoreState = Literal["provisional", "final", "under_objection"]
Value = Annotated[DecimalText, Field(ge=0, le=100)]


class Interval(BaseModel):
    """A 95 % interval of an indicator's value, 0 to 100."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    low: Value
    high: Value


class Indicator(BaseModel):
    """One part of the score. `value` (0 to 100, 2 places) is null unless the state is assessed.

    `n` counts the days, ratings or assessments behind it; numerator ÷ denominator × 100 is the value where the
    indicator is a plain ratio (attendance: credited ÷ scheduled minutes), else both are null.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: IndicatorName
    value: Value | None = None
    weight: Annotated[DecimalText, Field(ge=0, le=1)]
    n: Annotated[int, Field(ge=0)]
    numerator: Annotated[int, Field(ge=0)] | None = None
    denominator: Annotated[int, Field(ge=0)] | None = None
    interval: Interval | None = None
    state: IndicatorState


class PolicyRef(BaseModel):
    """The rule set of the score and the decree that put it in force."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Identifier
    version: Annotated[int, Field(ge=1)]
    decree: Annotated[str, Field(max_length=200)]


class ScoreRecord(Record):
    """Evidence for the appraiser, who gives the legal rating (PermenPANRB 6/2022): never the rating itself.

    `complete` is false when an indicator could not be assessed; such a score leads to no notice.
    `correction_of` is the revision that this one restates after the semester was closed.
    """

    employee_id: UUID
    org_unit_id: Identifier | None = None
    semester: SemesterText
    state: ScoreState
    score: Value | None = None
    band: Code | None = None
    complete: bool
    indicators: tuple[Indicator, ...]
    unexcused_days: Annotated[int, Field(ge=0, description="Whole unexcused working days in this semester.")] = 0
    policy: PolicyRef
    reasons: tuple[Code, ...] = ()
    correction_of: Annotated[int, Field(ge=1)] | None = None
    as_of: UtcDateTime
