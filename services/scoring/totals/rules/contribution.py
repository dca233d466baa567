"""What one fact adds to an officer's semester totals.

Totals are integers and independent of the policy: a changed weight, prior or band needs no recount. A new revision of a fact
changes them by its contribution minus the previous one, so any order, duplicate or correction gives the same sum.

A day and a feedback touch different columns: each contribution covers its own part (`DAY_TOTALS`, `FEEDBACK_TOTALS`),
and `TOTALS` is the first part followed by the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from shared.contracts.events.feedback import Unsur

__all__ = [
    "DAY_TOTALS",
    "FEEDBACK_TOTALS",
    "NO_DAY",
    "NO_FEEDBACK",
    "NO_TOTALS",
    "OFFICER_UNSUR",
    "TOTALS",
    "Contribution",
    "InvalidFactError",
    "add",
    "day_contribution",
    "feedback_contribution",
    "widen_day",
    "widen_feedback",
]

Contribution: TypeAlias = tuple[int, ...]
"""Integers in the order of `DAY_TOTALS`, `FEEDBACK_TOTALS` or `TOTALS`."""

OFFICER_UNSUR: tuple[Unsur, ...] = ("completion_time", "product", "officer_competence", "officer_conduct")
"""The survey elements that concern one officer; the other five rate the unit (PermenPANRB 14/2017)."""

DAY_TOTALS = (
    "scheduled_minutes",
    "credited_minutes",
    "final_days",
    "unexcused_days",
    "provisional_days",
)
"""Minutes and number of the days that count; `provisional_days` is for information and never enters a score."""

FEEDBACK_TOTALS = (
    "work_quality_n",
    "work_quality_sum",
    "communication_n",
    "communication_sum",
    "citizen_ratings",
    *(f"{unsur}{part}" for unsur in OFFICER_UNSUR for part in ("_n", "_sum", "_counter_n", "_counter_sum")),
)
"""Supervisors' sums are in hundredths of points (0..10000 each); citizens' sums add answers 1..4. Answers from a counter tablet
are separate because the policy sets their weight. `citizen_ratings` counts forms."""

TOTALS = DAY_TOTALS + FEEDBACK_TOTALS

NO_DAY: Contribution = (0,) * len(DAY_TOTALS)
NO_FEEDBACK: Contribution = (0,) * len(FEEDBACK_TOTALS)
NO_TOTALS: Contribution = NO_DAY + NO_FEEDBACK

_NOT_COUNTED = frozenset({"excused", "off", "unknown"})
_PROVISIONAL: Contribution = (0, 0, 0, 0, 1)
_FEEDBACK_STATES = frozenset({"accepted", "quarantined", "withdrawn"})
_MAX_RATING = 4
_MAX_HUNDREDTHS = 10_000


class InvalidFactError(ValueError):
    """A fact contradicts itself or has a value that is not in the contract."""


def day_contribution(state: str, status: str, scheduled: int, credited: int, excuse: str | None) -> Contribution:
    """What a work date adds, in the order of `DAY_TOTALS`.

    `scheduled` and `credited` are minutes, 0 <= credited <= scheduled. Only final scheduled days count, and not if they are
    excused, off or unknown; official duty counts in full. An absence on a day with a half-day excuse lowers the attendance
    but is not a whole unexcused day (PP 94/2021 counts whole working days).
    """
    if not 0 <= credited <= scheduled:
        raise InvalidFactError(f"credited_minutes must be 0..scheduled_minutes ({scheduled}), not {credited}")
    if state == "provisional":
        return _PROVISIONAL if scheduled else NO_DAY
    if state != "final":
        raise InvalidFactError(f"state must be provisional or final, not {state!r}")
    if status == "present":
        return (scheduled, credited, 1, 0, 0) if scheduled else NO_DAY
    if status == "absent":
        return (scheduled, credited, 1, 1 if excuse is None else 0, 0) if scheduled else NO_DAY
    if status == "official_duty":
        return (scheduled, scheduled, 1, 0, 0) if scheduled else NO_DAY
    if status in _NOT_COUNTED:
        return NO_DAY
    raise InvalidFactError(f"unknown day status {status!r}")


def feedback_contribution(
    kind: str,
    state: str,
    ratings: Mapping[Unsur, int] | None,
    assessment: Mapping[str, Decimal | str | int | None] | None,
    weight_class: str,
) -> Contribution:
    """What a feedback adds, in the order of `FEEDBACK_TOTALS`; quarantined and withdrawn ones add nothing.

    `ratings` are 1..4 by survey element; elements that rate the unit are ignored. `assessment` contains points 0..100 with
    at most 2 decimals. A float is refused because it does not represent decimals exactly.
    """
    if state not in _FEEDBACK_STATES:
        raise InvalidFactError(f"unknown feedback state {state!r}")
    if kind == "citizen_rating":
        result = _citizen(ratings or {}, weight_class)
    elif kind == "supervisor_assessment":
        result = _supervisor(assessment or {})
    else:
        raise InvalidFactError(f"unknown feedback kind {kind!r}")
    return result if state == "accepted" else NO_FEEDBACK


def _citizen(ratings: Mapping[Unsur, int], weight_class: str) -> Contribution:
    if weight_class not in ("visit", "counter"):
        raise InvalidFactError(f"weight_class must be visit or counter, not {weight_class!r}")
    at_counter = weight_class == "counter"
    columns: list[int] = []
    forms = 0
    for unsur in OFFICER_UNSUR:
        answer = ratings.get(unsur)
        if answer is None:
            columns += (0, 0, 0, 0)
            continue
        if type(answer) is not int or not 1 <= answer <= _MAX_RATING:
            raise InvalidFactError(f"the rating of {unsur} must be 1, 2, 3 or 4")
        forms = 1
        columns += (0, 0, 1, answer) if at_counter else (1, answer, 0, 0)
    return (0, 0, 0, 0, forms, *columns)


def _supervisor(assessment: Mapping[str, Decimal | str | int | None]) -> Contribution:
    quality = assessment.get("work_quality")
    communication = assessment.get("public_communication")
    return (
        *((0, 0) if quality is None else (1, _hundredths("work_quality", quality))),
        *((0, 0) if communication is None else (1, _hundredths("public_communication", communication))),
        *NO_FEEDBACK[4:],
    )


def _hundredths(name: str, points: Decimal | str | int) -> int:
    message = f"the assessment of {name} must be 0..100 with at most 2 decimals, written exactly"
    if isinstance(points, (float, bool)):
        raise InvalidFactError(message)
    try:
        exact = Decimal(points) * 100
        hundredths = int(exact)
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise InvalidFactError(message) from error
    if hundredths != exact or not 0 <= hundredths <= _MAX_HUNDREDTHS:
        raise InvalidFactError(message)
    return hundredths


def widen_day(contribution: Contribution) -> Contribution:
    """A day's contribution in the order of `TOTALS`."""
    return contribution + NO_FEEDBACK


def widen_feedback(contribution: Contribution) -> Contribution:
    """A feedback's contribution in the order of `TOTALS`."""
    return NO_DAY + contribution


def add(left: Contribution, right: Contribution) -> Contribution:
    """left + right, column by column; both must have the same columns."""
    return tuple([a + b for a, b in zip(left, right, strict=True)])
