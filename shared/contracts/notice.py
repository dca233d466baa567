"""asn.notice.v1: one notice and its state."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from shared.contracts.base import Code, Record, SemesterText, UtcDateTime
from shared.contracts.score import IndicatorName

__all__ = ["NoticeKind", "NoticeRecord", "NoticeState"]

NoticeKind = Literal["reward", "coaching", "nudge", "discipline_alert", "discipline_information"]
NoticeState = Literal["draft", "released", "withheld", "withdrawn", "delivered", "acknowledged", "expired"]


class NoticeRecord(Record):
    """One notice. Reward and coaching stay drafts until a person releases them.

    A draft follows the records that it rests on. It is withdrawn when they no longer give a reason for it, and so is what
    was told of a discipline step that is no longer reached, also after somebody has read it.
    """

    notice_id: UUID
    """The notice."""
    kind: NoticeKind
    """A reward, an offer of help (coaching), a word to the officer alone (nudge), an alert to the superior, or what the
    officer is told of the same step (discipline_information)."""
    employee_id: UUID
    """The officer whom it is about."""
    semester: SemesterText | None = None
    """The semester that it is about."""
    indicator: IndicatorName | None = None
    """The indicator that it is about; null where it is the score as a whole."""
    state: NoticeState
    """Where the notice stands; withdrawn: its reason is gone, and it says nothing any more."""
    reasons: tuple[Code, ...] = ()
    """Why it was made, and what became of it."""
    object_until: UtcDateTime | None = None
    """The last moment for an objection (14 days from receipt, PP 30/2019 art. 59); null before receipt."""
