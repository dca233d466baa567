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
    """One notice. Reward and coaching stay drafts until a person releases them.

    `indicator` is null where the notice is about the score as a whole. `object_until` is the last moment of the
    objection (14 days from receipt, PP 30/2019 art. 59); null before receipt.
    """

    notice_id: UUID
    kind: NoticeKind
    employee_id: UUID
    semester: SemesterText | None = None
    indicator: IndicatorName | None = None
    state: NoticeState
    reasons: tuple[Code, ...] = ()
    object_until: UtcDateTime | None = None
