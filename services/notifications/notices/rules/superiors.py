"""What a direct superior may decide, and when an alert has gone to a former one."""

from __future__ import annotations

from uuid import UUID

from shared.contracts.events.notice import NoticeState

__all__ = ["alerts_former_superior", "may_decide"]


def may_decide(caller: UUID | None, superior: UUID | None, *, is_operator: bool) -> bool:
    """Whether the caller may release or withhold a notice: the operator, or the officer's direct superior.

    Two missing values do not match: an officer without a superior, and a key without an officer.
    """
    return is_operator or (caller is not None and caller == superior)


def alerts_former_superior(
    officer: UUID, recipient: UUID, superior: UUID | None, state: NoticeState, *, raised: bool
) -> bool:
    """Whether an unread alert went to a former direct superior: the new one has to examine (PP 94/2021 art. 26).

    A raised alert goes to another superior anyway; nobody is alerted about the own absences.
    """
    if state == "acknowledged" or raised:
        return False
    return superior is not None and superior not in (recipient, officer)
