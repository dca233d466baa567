"""asn.notice.v1: one notice and its state."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from shared.contracts.base import Code, Record, SemesterText, UtcDateTime
from shared.contracts.events.score import IndicatorName

__all__ = ["NoticeKind", "NoticeRecord", "NoticeState"]

NoticeKind = Literal["reward", "coaching", "nudge", "discipline_alert", "discipline_information"]
NoticeState = Literal["draft", "released", "withheld", "withdrawn", "delivered", "acknowledged", "expired"]


class NoticeRecord(Record):
    """One notice. Reward and coaching stay drafts until a person releases them.

    A draft changes with the records behind it. It is withdrawn when they no longer give a reason for it. A notice of a
    discipline step is withdrawn when the step is no longer reached, also after somebody has read it.
    """

    notice_id: UUID
    """The notice."""
    kind: NoticeKind
    """A reward, an offer of help (coaching), a message to the officer alone (nudge), an alert to the superior, or the
    officer's own information about the same step (discipline_information)."""
    employee_id: UUID
    """The officer that it is about."""
    semester: SemesterText | None = None
    """The semester that it is about."""
    indicator: IndicatorName | None = None
    """The indicator that it is about; null if it is about the whole score."""
    state: NoticeState
    """The state of the notice; withdrawn: its reason no longer exists, and it is not valid."""
    reasons: tuple[Code, ...] = ()
    """Why it was made, and the reasons for its state."""
    object_until: UtcDateTime | None = None
    """The deadline for an objection (14 days from receipt, PP 30/2019 art. 59); null before receipt."""
