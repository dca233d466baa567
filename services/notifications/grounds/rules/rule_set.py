"""When a notice is due. A notice is an offer or a thank-you, never a sanction. Incomplete data never makes one due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import TypeAdapter, model_validator
from pydantic.dataclasses import dataclass

from shared.base.rule_models import DAYS_MAX, RulePart, Text, checked, every, exact, fault, whole

__all__ = [
    "NoticeRules",
    "Reward",
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


_Count = Annotated[int, whole(1)]
_Days = Annotated[int, whole(1, DAYS_MAX)]
_Points = Annotated[Decimal, exact(0, 100, what="a number of points", quoted=True)]


@dataclass(frozen=True, slots=True)
class Thresholds(RulePart):
    """Coaching starts below `entry` and ends above `exit`, both 0..100; exit is higher, as a hysteresis."""

    entry: _Points
    exit: _Points

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.exit <= self.entry:
            raise fault("exit must be higher than entry")
        return self


@dataclass(frozen=True, slots=True)
class Reward(RulePart):
    """When an officer gets a reward."""

    score: _Points
    evaluations: _Count
    """The number of consecutive evaluations in which the score must be at least `score`."""
    final_days: _Count
    """The minimum number of final scheduled days of the semester."""


@dataclass(frozen=True, slots=True)
class NoticeRules(RulePart):
    """The parameters of a rule file."""

    id: Text
    version: _Count
    evaluation_interval_seconds: _Count
    reward: Reward
    coaching: Annotated[Mapping[str, Thresholds], every(*SUBJECTS)]
    cool_down_days: _Days
    objection_days: _Days
    draft_expiry_days: _Days
    alert_acknowledgement_days: _Days

    @property
    def evaluation_interval(self) -> timedelta:
        """The time between two evaluations."""
        return timedelta(seconds=self.evaluation_interval_seconds)

    @property
    def cool_down(self) -> timedelta:
        """The minimum time between two coaching notices about a subject."""
        return timedelta(days=self.cool_down_days)

    @property
    def draft_expiry(self) -> timedelta:
        """After this time a draft without a decision expires."""
        return timedelta(days=self.draft_expiry_days)

    @property
    def alert_acknowledgement(self) -> timedelta:
        """After this time an alert without an acknowledgement goes one level up."""
        return timedelta(days=self.alert_acknowledgement_days)


_RULES = TypeAdapter(NoticeRules)


def rules_from_mapping(document: object) -> NoticeRules:
    """The rules of a rule file. Raises RuleError."""
    return checked(_RULES, document, "notice rules")


def held(history: Sequence[Decimal | None], rules: NoticeRules) -> bool:
    """Whether the newest evaluations, as many as a reward needs, all reach the reward score; None interrupts the sequence.

    `history` contains the values of the semester's evaluations, oldest first.
    """
    newest = history[-rules.reward.evaluations :]
    return len(newest) == rules.reward.evaluations and all(
        value is not None and value >= rules.reward.score for value in newest
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
