"""Decides why a mail server did not accept a mail: because of the recipient, or of the sender's side, which the operator fixes.

Uses the stage of the dialogue, the reply code (RFC 5321) and the enhanced status (RFC 3463). Anything not clearly about the
recipient counts as the operator's: such a mail waits and is reported, while a wrong "recipient" would give it up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["STAGES", "Blame", "Reply", "Stage", "blame", "holds_all"]

Stage = Literal["connect", "tls", "ehlo", "auth", "mail", "rcpt", "data"]
Blame = Literal["recipient", "recipient_for_now", "operator"]
"""`recipient` is permanent. `recipient_for_now` is temporary and is retried a limited number of times. `operator` is retried
without limit."""

STAGES: Final[tuple[Stage, ...]] = ("connect", "tls", "ehlo", "auth", "mail", "rcpt", "data")

_ENHANCED = re.compile(r"(?:^|\(#)([245])\.(\d{1,3})\.(\d{1,3})(?=[\s):;,.-]|$)")
_RELAY = re.compile(r"\brelay", re.IGNORECASE)

_MAILBOX: Final = frozenset({(1, 1), (1, 2), (1, 3), (1, 4), (1, 6), (1, 10), (2, 0), (2, 1), (2, 4), (4, 1), (4, 4)})
"""Subject and detail about the recipient's mailbox or its domain. Not X.1.0, X.1.7 and X.1.8: they are about the sender, even
at RCPT (Postfix checks client, HELO and sender there). X.4.1 is Exchange Online's unknown user."""
_FULL: Final = (2, 2)
"""The mailbox is full. Temporary even as 5.2.2, because its owner can empty it."""
_MAILBOX_CODES: Final = frozenset({550, 551, 553, 556})
"""Reply codes at RCPT about the mailbox, for replies without an enhanced status."""
_FULL_CODE: Final = 552
_CLOSING: Final = 421
_TOO_LARGE: Final = frozenset({(2, 3), (3, 4)})


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail server's reply. `code` is None without a reply: no connection, a broken one, or no TLS."""

    code: int | None
    text: str = ""

    @property
    def enhanced(self) -> tuple[int, int, int] | None:
        """Class, subject and detail, from the start of the text or in qmail's form (#5.1.1)."""
        found = _ENHANCED.search(self.text)
        if found is None or self.code is None or int(found[1]) != self.code // 100:
            return None  # in a contradictory reply the code decides
        return int(found[1]), int(found[2]), int(found[3])

    @property
    def status(self) -> str:
        """Code and enhanced status, for logs; the text is not logged because it may quote an address."""
        enhanced = self.enhanced
        parts = [str(self.code)] if self.code is not None else []
        return " ".join([*parts, *([".".join(map(str, enhanced))] if enhanced else [])])


def blame(stage: Stage, reply: Reply) -> Blame:
    """Who caused a negative reply."""
    if stage not in ("rcpt", "data") or reply.code is None or not 400 <= reply.code < 600:
        return "operator"
    final = reply.code >= 500
    enhanced = reply.enhanced
    if enhanced is not None:
        if enhanced[1:] == _FULL:
            return "recipient_for_now"
        if enhanced[1:] in _MAILBOX:
            return "recipient" if final else "recipient_for_now"
        return "operator"
    if stage == "data" or _RELAY.search(reply.text):
        return "operator"
    if final:
        if reply.code == _FULL_CODE:
            return "recipient_for_now"
        return "recipient" if reply.code in _MAILBOX_CODES else "operator"
    return "recipient_for_now" if reply.code in (450, 452) else "operator"


def holds_all(stage: Stage, reply: Reply) -> bool:
    """Whether an operator's fault affects every mail, so that the others need not be tried now."""
    if stage in ("connect", "tls", "ehlo", "auth") or reply.code == _CLOSING:
        return True
    if reply.code is None:
        return stage != "data"  # a filter may close the connection because of one message
    too_large = reply.code == _FULL_CODE if reply.enhanced is None else reply.enhanced[1:] in _TOO_LARGE
    return stage == "mail" and not too_large
