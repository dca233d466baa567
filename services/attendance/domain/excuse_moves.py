"""Which decision may follow which on an excuse.

As in the leave rules (BKN Regulation 24/2017): a request is granted or refused, and what was granted can be revoked.
Refused and revoked are the end: whoever changes their mind decides on a new request, which is another excuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.attendance.domain.day_inputs import ExcuseState

__all__ = ["NEEDS_REASON", "may_follow"]

NEEDS_REASON: Final = frozenset({ExcuseState.REJECTED, ExcuseState.REVOKED})
"""The officer has to be told why."""

_MOVES: Final[Mapping[ExcuseState | None, frozenset[ExcuseState]]] = MappingProxyType(
    {
        # Paper comes late: a decision may be entered without its request.
        None: frozenset({ExcuseState.REQUESTED, ExcuseState.APPROVED, ExcuseState.REJECTED}),
        ExcuseState.REQUESTED: frozenset({ExcuseState.REQUESTED, ExcuseState.APPROVED, ExcuseState.REJECTED}),
        ExcuseState.APPROVED: frozenset({ExcuseState.APPROVED, ExcuseState.REVOKED}),
        ExcuseState.REJECTED: frozenset(),
        ExcuseState.REVOKED: frozenset(),
    }
)


def may_follow(before: ExcuseState | None, after: ExcuseState) -> bool:
    """Whether the decision may be taken (`before` None: a new excuse). The same state again corrects dates or kind."""
    return after in _MOVES[before]
