"""Which leave decision may follow another or open a new request."""

from __future__ import annotations

from services.attendance.leave.rules.excuse import ExcuseState
from services.attendance.leave.rules.moves import may_follow


def test_a_request_can_be_approved_or_rejected_and_an_approval_revoked() -> None:
    moves = {(before, after) for before in (None, *ExcuseState) for after in ExcuseState if may_follow(before, after)}
    requested, approved, rejected, revoked = (
        ExcuseState.REQUESTED,
        ExcuseState.APPROVED,
        ExcuseState.REJECTED,
        ExcuseState.REVOKED,
    )
    assert moves == {
        (None, requested),
        (None, approved),
        (None, rejected),
        (requested, requested),
        (requested, approved),
        (requested, rejected),
        (approved, approved),
        (approved, revoked),
    }
