"""Whether the one-use link of a visit opens."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

__all__ = ["LinkFault", "link_fault"]

LinkFault = Literal["used", "expired"]


def link_fault(*, used: bool, expires_at: datetime, now: datetime) -> LinkFault | None:
    """Why the link does not open; None if it does. One visit has one vote."""
    if used:
        return "used"
    return "expired" if expires_at <= now else None
