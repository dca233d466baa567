"""Whose fault it is that a mail server did not accept a mail: the recipient's, or the sender's, which is the operator's to mend.

Decided by the stage of the dialogue, the reply code (RFC 5321) and the enhanced status (RFC 3463). Whatever is not clearly
about the recipient counts as the operator's: such a mail waits and is reported, while a wrong "recipient" would end it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["STAGES", "Blame", "Reply", "Stage", "blame", "holds_all"]

Stage = Literal["connect", "tls", "ehlo", "auth", "mail", "rcpt", "data"]
Blame = Literal["recipient", "recipient_for_now", "operator"]
"""`recipient` is final. `recipient_for_now` may pass, and is tried a limited number of times. `operator` is tried until it
passes."""

STAGES: Final[tuple[Stage, ...]] = ("connect", "tls", "ehlo", "auth", "mail", "rcpt", "data")

_ENHANCED = re.compile(r"(?:^|\(#)([245])\.(\d{1,3})\.(\d{1,3})(?=[\s):;,.-]|$)")
_RELAY = re.compile(r"\brelay", re.IGNORECASE)

_MAILBOX: Final = frozenset({(1, 1), (1, 2), (1, 3), (1, 4), (1, 6), (1, 10), (2, 0), (2, 1), (2, 4), (4, 1), (4, 4)})
"""Subject and detail that are about the recipient's mailbox or its domain. Not X.1.0, X.1.7 and X.1.8, which are said of the
sender, at RCPT too (Postfix checks client, greeting and sender there). X.4.1 is Exchange Online's unknown user."""
_FULL: Final = (2, 2)
"""The mailbox is full: also as 5.2.2, since its owner can empty it."""
_MAILBOX_CODES: Final = frozenset({550, 551, 553, 556})
"""At RCPT without an enhanced status."""
_FULL_CODE: Final = 552
_CLOSING: Final = 421
_TOO_LARGE: Final = frozenset({(2, 3), (3, 4)})


@dataclass(frozen=True, slots=True)
class Reply:
    """What a mail server said. `code` is None where it said nothing: no connection, a broken one, or no TLS."""

    code: int | None
    text: str = ""

    @property
    def enhanced(self) -> tuple[int, int, int] | None:
        """Class, subject and detail: at the beginning of the text, or as qmail writes them, (#5.1.1)."""
        found = _ENHANCED.search(self.text)
        if found is None or self.code is None or int(found[1]) != self.code // 100:
            return None  # a reply that contradicts itself is read by its code
        return int(found[1]), int(found[2]), int(found[3])

    @property
    def status(self) -> str:
        """Code and enhanced status, for logs: the text may quote an address."""
        enhanced = self.enhanced
        parts = [str(self.code)] if self.code is not None else []
        return " ".join([*parts, *([".".join(map(str, enhanced))] if enhanced else [])])


def blame(stage: Stage, reply: Reply) -> Blame:
    """Whose fault a reply is that did not accept."""
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
    """Whether an operator's fault concerns every mail, so that the others need not be tried now."""
    if stage in ("connect", "tls", "ehlo", "auth") or reply.code == _CLOSING:
        return True
    if reply.code is None:
        return stage != "data"  # a filter may cut the connection at one message
    too_large = reply.code == _FULL_CODE if reply.enhanced is None else reply.enhanced[1:] in _TOO_LARGE
    return stage == "mail" and not too_large
