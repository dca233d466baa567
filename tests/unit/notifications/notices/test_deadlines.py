"""Deadlines of notices, and what an inbox shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from services.notifications.grounds.rules.rule_set import rules_from_mapping
from services.notifications.notices.rules.deadlines import (
    acknowledgement_overdue_since,
    draft_expired_since,
    is_in_inbox,
)
from shared.contracts.events.notice import NoticeKind, NoticeState

ROOT = Path(__file__).resolve().parents[4]
RULES = rules_from_mapping(yaml.safe_load((ROOT / "rules/notices/default.yaml").read_text()))
NOW = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)


def test_deadlines_are_those_of_the_rules() -> None:
    assert draft_expired_since(NOW, RULES) == NOW - RULES.draft_expiry
    assert acknowledgement_overdue_since(NOW, RULES) == NOW - RULES.alert_acknowledgement
    assert RULES.draft_expiry >= timedelta(days=1)


@pytest.mark.parametrize(
    ("kind", "state", "received", "shown"),
    [
        ("reward", "released", False, True),
        ("reward", "withdrawn", False, False),
        ("reward", "withdrawn", True, True),
        ("coaching", "withdrawn", False, False),
        ("discipline_alert", "withdrawn", False, True),
        ("discipline_information", "withdrawn", False, True),
    ],
)
def test_the_inbox_hides_a_reward_that_was_withdrawn_before_its_receipt(
    kind: NoticeKind, state: NoticeState, received: bool, shown: bool
) -> None:
    assert is_in_inbox(kind, state, received=received) is shown
