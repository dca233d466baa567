"""asn.score.v1: one officer's score of one semester."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Code, Identifier, Part, PercentText, Record, SemesterText, ShareText, UtcDateTime

__all__ = ["Indicator", "IndicatorName", "IndicatorState", "Interval", "PolicyRef", "ScoreRecord", "ScoreState"]

IndicatorName = Literal["attendance", "work_quality", "public_communication"]
IndicatorState = Literal["assessed", "too_few", "missing"]
ScoreState = Literal["provisional", "final", "under_objection"]


class Interval(Part):
    """A 95 % interval of an indicator's value."""

    low: PercentText
    """The lower end, 0 to 100."""
    high: PercentText
    """The upper end, 0 to 100."""


class Indicator(Part):
    """One part of the score."""

    name: IndicatorName
    """Which indicator."""
    value: PercentText | None = None
    """0 to 100, 2 places; null unless the state is assessed."""
    weight: ShareText
    """The indicator's share of the score by the policy, 0 to 1."""
    n: Annotated[int, Field(ge=0)]
    """How many days, ratings or assessments the value is based on."""
    numerator: Annotated[int, Field(ge=0)] | None = None
    """If the value is a ratio: its numerator (attendance: credited minutes); else null."""
    denominator: Annotated[int, Field(ge=0)] | None = None
    """The denominator (attendance: scheduled minutes); value = 100 × numerator ÷ denominator."""
    interval: Interval | None = None
    """How sure the value is."""
    state: IndicatorState
    """Whether it could be assessed, had too few ratings, or had no data."""


class PolicyRef(Part):
    """The rule set of the score and the decree that put it in force."""

    id: Identifier
    """The rule set's name."""
    version: Annotated[int, Field(ge=1)]
    """Its version, from 1."""
    decree: Annotated[str, Field(max_length=200)]
    """The decree's citation."""


class ScoreRecord(Record):
    """Evidence for the appraiser, who gives the legal rating (PermenPANRB 6/2022): never the rating itself."""

    employee_id: UUID
    """The officer."""
    org_unit_id: Identifier | None = None
    """The officer's unit, if known."""
    semester: SemesterText
    """The half year: S1 is January to June, S2 is July to December."""
    state: ScoreState
    """Whether data may still arrive, the semester is closed, or the officer has objected."""
    score: PercentText | None = None
    """0 to 100, 2 places; null if there is nothing to score. Missing data never gives 0."""
    band: Code | None = None
    """The score's band in the policy."""
    complete: bool
    """False when an indicator could not be assessed; such a score leads to no notice."""
    indicators: tuple[Indicator, ...]
    """The parts of the score."""
    unexcused_days: Annotated[int, Field(ge=0)] = 0
    """Whole unexcused working days in this semester."""
    policy: PolicyRef
    """The rule set that the score was computed with."""
    reasons: tuple[Code, ...] = ()
    """The reasons for the score."""
    correction_of: Annotated[int, Field(ge=1)] | None = None
    """The revision that this one corrects after the semester was closed."""
    as_of: UtcDateTime
    """The score includes the data up to this time."""
