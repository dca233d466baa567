"""Whether an officer is employed."""

from __future__ import annotations

from datetime import date

__all__ = ["is_active"]


def is_active(active_to: date | None, today: date) -> bool:
    """Whether the officer still works here; `active_to` is the last day, None without an end."""
    return active_to is None or active_to >= today
