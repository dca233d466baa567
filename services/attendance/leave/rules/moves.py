"""Which decision on an excuse may follow which.

As in the leave rules (BKN Regulation 24/2017): a request is approved or rejected, and an approval can be revoked.
Rejected and revoked are final; a change of mind needs a new request, which is a new excuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.attendance.leave.rules.excuse import ExcuseState

__all__ = ["NEEDS_REASON", "may_follow"]

NEEDS_REASON: Final = frozenset({ExcuseState.REJECTED, ExcuseState.REVOKED})
"""The officer must be able to read why."""

_MOVES: Final[Mapping[ExcuseState | None, frozenset[ExcuseState]]] = MappingProxyType(
    {
        # Paper arrives late: a decision may be entered without its request.
        None: frozenset({ExcuseState.REQUESTED, ExcuseState.APPROVED, ExcuseState.REJECTED}),
        ExcuseState.REQUESTED: frozenset({ExcuseState.REQUESTED, ExcuseState.APPROVED, ExcuseState.REJECTED}),
        ExcuseState.APPROVED: frozenset({ExcuseState.APPROVED, ExcuseState.REVOKED}),
        ExcuseState.REJECTED: frozenset(),
        ExcuseState.REVOKED: frozenset(),
    }
)


def may_follow(before: ExcuseState | None, after: ExcuseState) -> bool:
    """Whether the decision is allowed (`before` None: a new excuse). Repeating a state corrects the dates or the kind."""
    return after in _MOVES[before]
