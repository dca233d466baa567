"""When a notice is due. A notice is an offer or a thank-you, never a sanction, and nothing is due on incomplete data."""

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
    """Coaching begins below `entry` and ends above `exit`, both 0..100; exit is higher, so that it does not flicker."""

    entry: Decimal
    exit: Decimal


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """The numbers of a rule file."""

    id: str
    version: int
    evaluation_interval: timedelta
    reward_score: Decimal
    reward_evaluations: int
    """In so many evaluations in a row the score has to be at `reward_score` or above."""
    reward_final_days: int
    """So many final scheduled days of the semester have to be behind it."""
    coaching: Mapping[str, Thresholds]
    cool_down: timedelta
    objection_days: int
    draft_expiry: timedelta
    """After that a draft expires undecided."""
    alert_acknowledgement: timedelta
    """After that an alert that nobody acknowledged goes one level up."""


def rules_from_mapping(document: Mapping[str, object]) -> NoticeRules:
    """Reads a rule file. Raises ValueError that names what is wrong."""
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
        raise ValueError(f"notice rules: {error} is missing or of another type") from error
    for name, limits in rules.coaching.items():
        if limits.exit <= limits.entry:
            raise ValueError(f"notice rules: coaching.{name}: exit must be higher than entry")
    return rules


def held(history: Sequence[Decimal | None], rules: NoticeRules) -> bool:
    """Whether the newest evaluations, as many as a reward needs, all found the score at its level; None breaks the row.

    `history` holds the values of the semester's evaluations, oldest first.
    """
    newest = history[-rules.reward_evaluations :]
    return len(newest) == rules.reward_evaluations and all(
        value is not None and value >= rules.reward_score for value in newest
    )


def nudge_due(history: Sequence[Decimal | None], limits: Thresholds) -> bool:
    """The newest evaluation is below entry and the one before it, if any, was not: a word to the officer alone.

    `history` holds the values of the evaluations, oldest first; None where nothing could be judged.
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
    evaluation after that notice, None where there is none.
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
    """Whether a step that a record of this revision reaches is to be told of.

    Not while it is told of already; and where it was told of and withdrawn, only by a record that is younger than the one
    that took its ground away: so old records that come again tell nobody anything.
    """
    return not stands and (gone_revision is None or revision > gone_revision)


def is_history(year: int, recorded_at: datetime, now: datetime, zone: tzinfo) -> bool:
    """Whether a record of a year's absences is old news, which a new or restored service reads: then nobody is told.

    Of a year that is over, a record is news as long as it is itself not old: days are corrected late.
    """
    return year < now.astimezone(zone).year and now - recorded_at > _NEWS


def raised(period: str) -> str:
    """The period that names an alert's next level: who knows of absences and does nothing answers for it (PP 94/2021 art. 28)."""
    return f"{period}{_UP}"


def raise_due(
    period: str, officer: UUID, superior: UUID | None, step: str | None, standing: Mapping[str, UUID]
) -> bool:
    """Whether an alert that nobody has acknowledged in time goes to `superior`, who is above its recipient.

    `step` is what the officer's record reaches now: a lighter step's alert is not raised beside the heavier one's.
    `standing` are the recipients of the officer's alerts by their periods: nobody hears of a step twice.
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
    """What a mail that waits in the queue has to say, if anything, now that the notice is in this state.

    `mailed`: the letter went out. `unsure`: it may have gone out, since a sender was lost while it sent. Whoever may have
    the letter of a withdrawn notice is told; one that was acknowledged in the inbox is not sent again.
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
        raise ValueError(f"notice rules: {value!r} is no number") from error
    if not 0 <= points <= 100:
        raise ValueError(f"notice rules: {value} lies outside 0 to 100")
    return points


def _count(value: object) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"notice rules: {value!r} must be a whole number above 0")
    return value
