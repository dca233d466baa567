"""Deadlines of notices, and what a recipient's inbox shows."""

from __future__ import annotations

from datetime import datetime

from services.notifications.grounds.rules.grounds import DISCIPLINE_KINDS
from services.notifications.grounds.rules.rule_set import NoticeRules
from shared.contracts.events.notice import NoticeKind, NoticeState

__all__ = ["acknowledgement_overdue_since", "draft_expired_since", "is_in_inbox"]


def draft_expired_since(now: datetime, rules: NoticeRules) -> datetime:
    """A draft that was created at this moment or earlier expires."""
    return now - rules.draft_expiry


def acknowledgement_overdue_since(now: datetime, rules: NoticeRules) -> datetime:
    """An alert that was released at this moment or earlier, and is not acknowledged, goes one level up."""
    return now - rules.alert_acknowledgement


def is_in_inbox(kind: NoticeKind, state: NoticeState, *, received: bool) -> bool:
    """Whether the recipient sees a released notice. Hides a reward or an offer that was withdrawn before its receipt."""
    return state != "withdrawn" or kind in DISCIPLINE_KINDS or received
