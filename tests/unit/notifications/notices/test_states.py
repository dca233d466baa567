"""Which event leads a notice from which state to which, for every kind and every state."""

from __future__ import annotations

from typing import get_args

import pytest

from services.notifications.notices.rules.states import (
    Event,
    first_state,
    follow_up,
    next_state,
    rewritable_states,
    states_before,
)
from shared.contracts.events.notice import NoticeKind, NoticeState

KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
STATES: tuple[NoticeState, ...] = get_args(NoticeState)
DISCIPLINE: tuple[NoticeKind, ...] = ("discipline_alert", "discipline_information")
LIFE: dict[NoticeState, dict[Event, NoticeState]] = {
    "draft": {"release": "released", "withhold": "withheld", "expire": "expired", "withdraw": "withdrawn"},
    "released": {
        "release": "released",
        "deliver": "delivered",
        "acknowledge": "acknowledged",
        "withdraw": "withdrawn",
    },
    "delivered": {"acknowledge": "acknowledged"},
    "acknowledged": {"acknowledge": "acknowledged"},
    "withheld": {"withhold": "withheld"},
    "expired": {},
    "withdrawn": {},
}
"""The events that a notice of any kind allows in each state, with the state that follows."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("event", get_args(Event))
def test_an_event_changes_only_the_states_that_allow_it(kind: NoticeKind, state: NoticeState, event: Event) -> None:
    expected = LIFE[state].get(event)
    if event == "withdraw" and kind in DISCIPLINE and state in ("delivered", "acknowledged"):
        expected = "withdrawn"
    assert next_state(kind, state, event) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_rewards_and_offers_of_coaching_start_as_drafts(kind: NoticeKind) -> None:
    assert first_state(kind) == ("draft" if kind in ("reward", "coaching") else "released")


@pytest.mark.parametrize(
    ("event", "states"),
    [
        ("release", ["draft"]),
        ("expire", ["draft"]),
        ("acknowledge", ["released", "delivered"]),
        ("withdraw", ["draft", "released", "delivered", "acknowledged"]),
    ],
)
def test_candidates_of_an_event_are_the_states_that_it_changes(event: Event, states: list[NoticeState]) -> None:
    assert states_before(event) == states


def test_drafts_and_released_letters_may_be_rewritten() -> None:
    assert rewritable_states() == ["draft", "released"]


@pytest.mark.parametrize(
    ("kind", "state", "changed", "gone", "step"),
    [
        ("reward", "draft", False, None, "keep"),
        ("reward", "draft", True, None, "rewrite"),
        ("reward", "draft", True, "BELOW", "withdraw"),
        ("reward", "released", True, None, "keep"),  # a person released this text
        ("reward", "released", False, "BELOW", "withdraw"),
        ("reward", "delivered", True, "BELOW", "keep"),
        ("reward", "acknowledged", True, "BELOW", "keep"),
        ("coaching", "draft", True, None, "rewrite"),
        ("coaching", "released", True, None, "keep"),
        ("coaching", "released", True, "ABOVE", "withdraw"),
        ("nudge", "released", True, None, "rewrite"),
        ("nudge", "released", True, "NOT", "withdraw"),
        ("nudge", "delivered", True, "NOT", "keep"),
        ("discipline_alert", "released", True, None, "rewrite"),
        ("discipline_alert", "delivered", True, None, "keep"),
        ("discipline_alert", "released", False, "GONE", "withdraw"),
        ("discipline_alert", "delivered", False, "GONE", "withdraw"),
        ("discipline_alert", "acknowledged", False, "GONE", "withdraw"),
        ("discipline_information", "acknowledged", False, "GONE", "withdraw"),
    ],
)
def test_changed_records_rewrite_or_withdraw_a_notice(
    kind: NoticeKind, state: NoticeState, changed: bool, gone: str | None, step: str
) -> None:
    assert follow_up(kind, state, {"value": "1"}, {"value": "2" if changed else "1"}, gone) == step
