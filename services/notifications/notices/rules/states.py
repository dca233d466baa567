"""The states of a notice: which event leads from which state to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from services.notifications.grounds.rules.grounds import DISCIPLINE_KINDS
from shared.contracts.events.notice import NoticeKind, NoticeState

__all__ = ["Event", "FollowUp", "first_state", "follow_up", "next_state", "rewritable_states", "states_before"]

Event = Literal["release", "withhold", "expire", "deliver", "acknowledge", "withdraw"]
FollowUp = Literal["keep", "rewrite", "withdraw"]

_STATES: Final[tuple[NoticeState, ...]] = get_args(NoticeState)
_KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)
_NEEDS_NO_DECISION: Final = (*DISCIPLINE_KINDS, "nudge")
"""Kinds that are released without a person's decision."""
_TRANSITIONS: Final[dict[Event, dict[NoticeState, NoticeState]]] = {
    "release": {"draft": "released", "released": "released"},
    "withhold": {"draft": "withheld", "withheld": "withheld"},
    "expire": {"draft": "expired"},
    "deliver": {"released": "delivered"},
    "acknowledge": {"released": "acknowledged", "delivered": "acknowledged", "acknowledged": "acknowledged"},
    "withdraw": {"draft": "withdrawn", "released": "withdrawn"},
}
"""A repeated decision or acknowledgement changes nothing."""
_OF_DISCIPLINE: Final[dict[Event, dict[NoticeState, NoticeState]]] = {
    "withdraw": {"delivered": "withdrawn", "acknowledged": "withdrawn"},
}
"""A received notice is withdrawn only if it is about discipline and wrong."""


def first_state(kind: NoticeKind) -> NoticeState:
    """The state of a new notice."""
    return "released" if kind in _NEEDS_NO_DECISION else "draft"


def next_state(kind: NoticeKind, state: NoticeState, event: Event) -> NoticeState | None:
    """The state after an event; None if the present state does not allow it."""
    if kind in DISCIPLINE_KINDS and state in _OF_DISCIPLINE.get(event, {}):
        return _OF_DISCIPLINE[event][state]
    return _TRANSITIONS[event].get(state)


def states_before(event: Event) -> list[NoticeState]:
    """The states from which an event leads a notice of some kind to another state, to select candidates in SQL."""
    return [state for state in _STATES if any(next_state(kind, state, event) not in (None, state) for kind in _KINDS)]


def follow_up(
    kind: NoticeKind, state: NoticeState, letter: Mapping[str, Any], present: Mapping[str, Any], gone: str | None
) -> FollowUp:
    """What a change of the records requires. `letter` are the facts of the notice's letter, `present` the current facts,
    `gone` is why it is no longer justified.

    A draft is rewritten; a released letter only if no person has approved its text.
    """
    if gone is not None:
        return "keep" if next_state(kind, state, "withdraw") is None else "withdraw"
    return "rewrite" if _is_rewritable(kind, state) and letter != present else "keep"


def rewritable_states() -> list[NoticeState]:
    """The states in which the letter of some kind is rewritten, to select candidates in SQL."""
    return [state for state in _STATES if any(_is_rewritable(kind, state) for kind in _KINDS)]


def _is_rewritable(kind: NoticeKind, state: NoticeState) -> bool:
    return state == "draft" or (state == "released" and kind in _NEEDS_NO_DECISION)
