"""Who decides on a notice, and when an alert has gone to a former superior."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from services.notifications.notices.rules.superiors import alerts_former_superior, may_decide
from shared.contracts.events.notice import NoticeState

OFFICER, SUPERIOR, OTHER = uuid4(), uuid4(), uuid4()


@pytest.mark.parametrize(
    ("caller", "superior", "is_operator", "allowed"),
    [
        (SUPERIOR, SUPERIOR, False, True),
        (OTHER, SUPERIOR, False, False),
        (None, SUPERIOR, False, False),
        (SUPERIOR, None, False, False),
        (None, None, False, False),
        (None, None, True, True),
        (None, SUPERIOR, True, True),
    ],
)
def test_the_direct_superior_and_the_operator_decide(
    caller: UUID | None, superior: UUID | None, is_operator: bool, allowed: bool
) -> None:
    assert may_decide(caller, superior, is_operator=is_operator) is allowed


@pytest.mark.parametrize(
    ("recipient", "superior", "state", "raised", "former"),
    [
        (OTHER, SUPERIOR, "released", False, True),
        (OTHER, SUPERIOR, "delivered", False, True),
        (OTHER, SUPERIOR, "acknowledged", False, False),
        (OTHER, SUPERIOR, "released", True, False),
        (SUPERIOR, SUPERIOR, "released", False, False),
        (OTHER, None, "released", False, False),
        (OTHER, OFFICER, "released", False, False),
    ],
)
def test_an_unread_alert_to_a_former_superior_is_recognized(
    recipient: UUID, superior: UUID | None, state: NoticeState, raised: bool, former: bool
) -> None:
    assert alerts_former_superior(OFFICER, recipient, superior, state, raised=raised) is former
