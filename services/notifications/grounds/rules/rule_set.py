"""When a notice is due. A notice is an offer or a thank-you, never a sanction. Incomplete data never makes one due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Literal
from uuid import UUID

__all__ = [
    "NoticeRules",
    "Thresholds",
    "alert_due",
    "coaching_due",
    "held",
    "is_history",
    "mail_due",
    "nudge_due",
    "object_until",
    "raise_due",
    "raised",
    "rules_from_mapping",
]

_UP = "/up"
_NEWS = timedelta(days=60)
SUBJECTS = ("score", "attendance", "work_quality", "public_communication")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Coaching starts below `entry` and ends above `exit`, both 0..100; exit is higher, as a hysteresis."""

    entry: Decimal
    exit: Decimal


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """The parameters of a rule file."""

    id: str
    version: int
    evaluation_interval: timedelta
    reward_score: Decimal
    reward_evaluations: int
    """The number of consecutive evaluations in which the score must be at least `reward_score`."""
    reward_final_days: int
    """The minimum number of final scheduled days of the semester."""
    coaching: Mapping[str, Thresholds]
    cool_down: timedelta
    objection_days: int
    draft_expiry: timedelta
    """After this time a draft without a decision expires."""
    alert_acknowledgement: timedelta
    """After this time an alert without an acknowledgement goes one level up."""


def rules_from_mapping(document: Mapping[str, object]) -> NoticeRules:
    """Reads a rule file. Raises ValueError that names the invalid value."""
    try:
        reward, coaching = document["reward"], document["coaching"]
        if not isinstance(reward, dict) or not isinstance(coaching, dict) or set(coaching) != set(SUBJECTS):
            raise ValueError(f"coaching needs exactly {', '.join(SUBJECTS)}; reward is a mapping")
        thresholds = {
            name: Thresholds(_points(limits["entry"]), _points(limits["exit"])) for name, limits in coaching.items()
        }
        rules = NoticeRules(
            id=str(document["id"]),
            version=_count(document["version"]),
            evaluation_interval=timedelta(seconds=_count(document["evaluation_interval_seconds"])),
            reward_score=_points(reward["score"]),
            reward_evaluations=_count(reward["evaluations"]),
            reward_final_days=_count(reward["final_days"]),
            coaching=thresholds,
            cool_down=timedelta(days=_count(document["cool_down_days"])),
            objection_days=_count(document["objection_days"]),
            draft_expiry=timedelta(days=_count(document["draft_expiry_days"])),
            alert_acknowledgement=timedelta(days=_count(document["alert_acknowledgement_days"])),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"notice rules: {error} is missing or has the wrong type") from error
    for name, limits in rules.coaching.items():
        if limits.exit <= limits.entry:
            raise ValueError(f"notice rules: coaching.{name}: exit must be higher than entry")
    return rules


def held(history: Sequence[Decimal | None], rules: NoticeRules) -> bool:
    """Whether the newest evaluations, as many as a reward needs, all reach the reward score; None interrupts the sequence.

    `history` contains the values of the semester's evaluations, oldest first.
    """
    newest = history[-rules.reward_evaluations :]
    return len(newest) == rules.reward_evaluations and all(
        value is not None and value >= rules.reward_score for value in newest
    )


def nudge_due(history: Sequence[Decimal | None], limits: Thresholds) -> bool:
    """The newest evaluation is below entry and the one before it, if any, was not. Only the officer gets a nudge.

    `history` contains the values of the evaluations, oldest first; None where nothing could be assessed.
    """
    if not history or history[-1] is None or history[-1] >= limits.entry:
        return False
    return len(history) < 2 or history[-2] is None or history[-2] >= limits.entry


def coaching_due(
    history: Sequence[Decimal | None],
    limits: Thresholds,
    last_notice: datetime | None,
    best_since: Decimal | None,
    now: datetime,
    rules: NoticeRules,
) -> bool:
    """The two newest evaluations are below entry, no episode is open, and the cool-down since the last one is over.

    An episode is open from a coaching notice (`last_notice`) until an evaluation above exit; `best_since` is the best
    evaluation after that notice, or None.
    """
    if len(history) < 2:
        return False
    one, two = history[-2], history[-1]
    if one is None or two is None or one >= limits.entry or two >= limits.entry:
        return False
    if last_notice is None:
        return True
    closed = best_since is not None and best_since > limits.exit
    return closed and now - last_notice >= rules.cool_down


def alert_due(revision: int, stands: bool, gone_revision: int | None) -> bool:  # noqa: FBT001
    """Whether a step that a record of this revision reaches needs a notice.

    Not if a notice about the step exists (`stands`). After a withdrawn notice, only if the record is newer than the one that
    caused the withdrawal, so that repeated old records create no notices.
    """
    return not stands and (gone_revision is None or revision > gone_revision)


def is_history(year: int, recorded_at: datetime, now: datetime, zone: tzinfo) -> bool:
    """Whether a record of a year's absences is old, as a new or restored service reads it: then it creates no notices.

    A record of a past year is still news while the record itself is recent, because days are corrected late.
    """
    return year < now.astimezone(zone).year and now - recorded_at > _NEWS


def raised(period: str) -> str:
    """The period of an alert's next level. A superior who knows of absences and does nothing is liable (PP 94/2021 art. 28)."""
    return f"{period}{_UP}"


def raise_due(
    period: str, officer: UUID, superior: UUID | None, step: str | None, standing: Mapping[str, UUID]
) -> bool:
    """Whether an alert that was not acknowledged in time goes to `superior`, the superior of its recipient.

    `step` is the step that the officer's record reaches now: only the alert of the heaviest step is escalated.
    `standing` maps the periods of the officer's alerts to their recipients: nobody gets two alerts about a step.
    """
    base, _, _ = period.partition(_UP)
    told = {recipient for other, recipient in standing.items() if other.partition(_UP)[0] == base}
    return (
        superior is not None
        and superior != officer
        and superior not in told
        and base.partition("/")[2] == step
        and raised(period) not in standing
    )


def mail_due(state: str, *, mailed: bool, unsure: bool) -> Literal["letter", "correction"] | None:
    """Which mail to send for a queued notice in this state; None for no mail.

    `mailed`: the letter was sent. `unsure`: it may have been sent, because a sender crashed while sending. A correction goes to
    whoever may have received the letter of a withdrawn notice. A notice that was acknowledged in the inbox is not mailed.
    """
    if state == "withdrawn":
        return "correction" if mailed or unsure else None
    return "letter" if state == "released" else None


def object_until(received_at: datetime, zone: tzinfo, days: int) -> datetime:
    """The last moment of an objection: the end of the local day, `days` calendar days after receipt (PP 30/2019 art. 59)."""
    last_day: date = received_at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last_day, time(23, 59, 59), zone)


def _points(value: object) -> Decimal:
    if not isinstance(value, str):
        raise TypeError("a number of points (in quotes)")
    try:
        points = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"notice rules: {value!r} is not a number") from error
    if not 0 <= points <= 100:
        raise ValueError(f"notice rules: {value} is not between 0 and 100")
    return points


def _count(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"notice rules: {value!r} must be a whole number above 0")
    return value
