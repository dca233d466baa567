"""The JSON models of a score's explanation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from shared.contracts.base import DecimalText
from shared.contracts.events.discipline import DisciplineRecord
from shared.openapi.models import Answer

__all__ = ["DayEvidence", "ExplainedIndicator", "Explanation", "Facts", "FeedbackEvidence", "Part", "RatingGroup"]


class Part(Answer):
    """One source of an indicator: supervisors or citizens."""

    name: str
    """`supervisors` or `citizens`."""
    weight: DecimalText
    """The part's weight in the indicator by the policy, 0 to 1."""
    state: str
    """`assessed`, `too_few` (too few ratings to show) or `missing` (no data)."""
    n: int
    """The number of assessments, or of citizens' ratings counted as full forms."""
    value: DecimalText | None
    """Points, 0 to 100 with 2 places; null unless assessed."""
    sum: DecimalText | None
    """The sum behind the mean: points (supervisors) or weighted ratings of 1 to 4 (citizens); null unless assessed."""
    count: DecimalText | None
    """The weighted number behind the mean; null unless assessed."""
    prior: DecimalText | None
    """Citizens: the prior mean (1 to 4) towards which few ratings are shrunk; else null."""
    prior_strength: int | None
    """Citizens: the weight of the prior, as a number of ratings; else null."""


class ExplainedIndicator(Answer):
    """An indicator with the numbers of its formula."""

    name: str
    """`attendance`, `work_quality` or `public_communication`."""
    state: str
    """`assessed`, `too_few` or `missing`."""
    value: DecimalText | None
    """0 to 100 with 2 places; null unless assessed."""
    weight: DecimalText
    """The indicator's weight in the score by the policy, 0 to 1."""
    effective_weight: DecimalText
    """Its weight after the weights of indicators without data are distributed over the others, 0 to 1."""
    n: int
    """The number of days, ratings or assessments behind it."""
    numerator: int | None
    """Attendance: credited minutes; else null."""
    denominator: int | None
    """Attendance: scheduled minutes; else null. The value is 100 × numerator ÷ denominator."""
    interval: tuple[DecimalText, DecimalText] | None
    """The 95 % interval of the value, lower and upper end, 0 to 100; null if there is none."""
    parts: list[Part]
    """The parts by source; empty for attendance."""


class DayEvidence(Answer):
    """One work date and what it adds."""

    work_date: date
    revision: int
    """The revision of the day's record."""
    state: str
    """`provisional`: punches may still arrive. `final`: all have arrived."""
    status: str
    """`present`, `absent`, `excused`, `official_duty`, `off` or `unknown`."""
    excuse: str | None
    """The kind of leave, duty or holiday; null without one."""
    scheduled_minutes: int
    """Minutes that the officer had to work; 0 on a day off."""
    credited_minutes: int
    """Minutes that count as worked."""
    late_minutes: int
    """Minutes late."""
    early_leave_minutes: int
    """Minutes left early."""
    missing_punches: list[str]
    """The sides of the shift without a punch: `in`, `out`."""
    first_in: datetime | None
    """The punch that counts as the arrival; null without one."""
    last_out: datetime | None
    """The punch that counts as the departure; null without one."""
    reasons: list[str]
    """The reasons for the day's result, as codes; docs/working-time.md lists them."""
    rule: str
    """The attendance rule set and its version."""
    counted: bool
    """Whether the day counts in the score: only final scheduled days count, and not if they are excused or unknown."""
    contribution: dict[str, int]
    """What the day adds to the semester's totals: minutes and days."""


class FeedbackEvidence(Answer):
    """One supervisor's assessment."""

    feedback_id: UUID
    """The assessment."""
    revision: int
    """The revision of its record."""
    kind: str
    """`supervisor_assessment`."""
    state: str
    """`accepted`, or `withdrawn` if it no longer counts."""
    given_on: date
    """Its date."""
    assessment: dict[str, str]
    """Indicator to points, 0 to 100."""
    counted: bool
    """Whether it counts in the score."""


class RatingGroup(Answer):
    """Citizens' ratings that were published together; single ratings are never shown.

    `given_on` is the date of the latest rating. `means` are means of ratings 1..4, rounded half up to 2 places; they omit an
    element that not everybody in the group answered. `counted` is false for a withdrawn group.
    """

    given_on: date
    """The date of the latest rating."""
    n: int
    """The number of ratings in the group."""
    means: dict[str, DecimalText]
    """Survey element to its mean, 1 to 4 with 2 places."""
    counted: bool
    """False for a group that was withdrawn."""


class Facts(Answer):
    """Every fact of the semester; citizens' ratings in groups. `citizen_ratings_withheld` counts the ratings that are in no
    group that may be shown.
    """

    days: list[DayEvidence]
    """Every known work date of the semester, by date."""
    feedback: list[FeedbackEvidence]
    """Every assessment of a supervisor."""
    rating_groups: list[RatingGroup]
    """The groups of citizens' ratings."""
    citizen_ratings_withheld: int
    """The number of citizens' ratings that are in no group that may be shown."""


class Explanation(Answer):
    """A score and everything behind it."""

    employee_id: UUID
    org_unit_id: str | None
    """The officer's unit; null if unknown here."""
    semester: str
    revision: Annotated[int, Field(description="The revision of the published record; 0 before the first.")]
    as_of: datetime | None
    """When the newest fact entered the score; null before the first."""
    score: DecimalText | None
    """0 to 100 with 2 places; null if there is nothing to score."""
    band: str | None
    """The policy's band of the score; null without a score."""
    complete: bool
    """False if an indicator could not be assessed."""
    unexcused_days: int
    """Whole unexcused working days in the semester."""
    reasons: list[str]
    """The reasons for the score, as codes."""
    indicators: list[ExplainedIndicator]
    """The indicators of the score."""
    policy: dict[str, Any]
    """The complete rule set of the score."""
    note: str
    """What the score is and is not, in Indonesian, for the officer."""
    discipline: DisciplineRecord | None
    """The officer's absences of the calendar year; null if there are none."""
    facts: Facts
    """Every fact behind the score."""
