"""A leave or duty decision, and its states."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Excuse", "ExcuseKind", "ExcuseState", "Half"]


class ExcuseKind(StrEnum):
    """Leave removes the day from the totals; duty counts as worked."""

    LEAVE = "leave"
    DUTY = "duty"


class Half(StrEnum):
    """Which half of the day an excuse covers; `none` means the whole day."""

    NONE = "none"
    MORNING = "morning"
    AFTERNOON = "afternoon"


class ExcuseState(StrEnum):
    """Only an approved excuse has an effect."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Excuse:
    """A leave or duty decision for this date. `code` is a code of the excuse list (`CUTI_SAKIT`, `DINAS_LUAR`)."""

    code: str
    kind: ExcuseKind
    half: Half = Half.NONE
    state: ExcuseState = ExcuseState.APPROVED
