"""asn.notice.v1: one notice and its state."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from shared.contracts.base import Code, Record, SemesterText, UtcDateTime
from shared.contracts.score import IndicatorName

__all__ = ["NoticeKind", "NoticeRecord", "NoticeState"]

NoticeKind = Literal["reward", "coaching", "nudge", "discipline_alert"]
NoticeState = Literal["draft", "released", "withheld", "delivered", "acknowledged", "expired"]


class NoticeRecord(Record):
    """One notice. Reward and coaching stay drafts until a person releases them."""

    notice_id: UUID
    """The notice."""
    kind: NoticeKind
    """A reward, an offer of help (coaching), a word to the officer alone (nudge), or an alert to the superior."""
    employee_id: UUID
    """The officer whom it is about."""
    semester: SemesterText | None = None
    """The semester that it is about."""
    indicator: IndicatorName | None = None
    """The indicator that it is about; null where it is the score as a whole."""
    state: NoticeState
    """Where the notice stands."""
    reasons: tuple[Code, ...] = ()
    """Why it was made."""
    object_until: UtcDateTime | None = None
    """The last moment for an objection (14 days from receipt, PP 30/2019 art. 59); null before receipt."""
