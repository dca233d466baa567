"""Decides why a mail server did not accept a mail: because of the recipient, or of the sender's side, which the operator fixes.

Uses the stage of the dialogue, the reply code (RFC 5321) and the enhanced status (RFC 3463). Anything not clearly about the
recipient counts as the operator's: such a mail waits and is reported, while a wrong "recipient" would give it up. Many servers
answer 550 to everything, so without an enhanced status the text must name the mailbox. Servers also send a status of the
mailbox for a sender that they reject, so a text about the sender overrules the status.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["STAGES", "Blame", "Reply", "Stage", "blame", "broken_off", "holds_all"]

Stage = Literal["connect", "tls", "ehlo", "auth", "mail", "rcpt", "data"]
Blame = Literal["recipient", "recipient_for_now", "operator"]
"""`recipient` is permanent. `recipient_for_now` is temporary and is retried a limited number of times. `operator` is retried
without limit."""

STAGES: Final[tuple[Stage, ...]] = ("connect", "tls", "ehlo", "auth", "mail", "rcpt", "data")

_ENHANCED = re.compile(r"(?:^|\(#)([245])\.(\d{1,3})\.(\d{1,3})(?=[\s):;,.-]|$)")
_NOT_SAID = re.compile(
    r"<[^<>]*>|\S+@\S+|https?://\S+|\bhost \S+ said\b|\brelay recipient table\b|\bunverified address\b"
    r"|\b(?:recipient|destination) (?:mail )?domain\b[^.;]{0,30}?\bdns\b",
    re.IGNORECASE,
)
"""Quoted addresses and names, and phrases about a recipient that contain a word of `_OUR_SIDE`."""
_OUR_SIDE = re.compile(
    r"send(?:er|ing)|relay|rcpthosts|\b(?:helo|ehlo|spf|dkim|dmarc|ip|dns|ptr|auth|rate)\b|verif|authenti|log ?in\b|client"
    r"|hostname|reverse|polic|block|black ?list|spam|too many|per (?:minute|hour|day)"
    r"|\b(?:mail|envelope) ?from\b|\bfrom address|return[- ]path|password|credential"
    r"|\byour (?:\w+ )?(?:account|mail ?box|quota|domain)\b",
    re.IGNORECASE,
)
"""Words about this system, which no reply about a missing mailbox needs."""
_WHOSE = r"(?:user(?:name)?|recipient|mail ?box|account|local part|e-?mail address|recipient address|address)"
_NO_MAILBOX = re.compile(
    rf"\b(?:no such|unknown|non-?existent|invalid|inactive|disabled) (?:local |virtual |e-?mail )?{_WHOSE}\b"
    rf"|\b{_WHOSE}\b[^.;]{{0,30}}\b(?:unknown|not found|not known|not local|inactive|disabled|(?:does not|doesn't|not) exist)\b"
    r"|\bno mailbox (?:here )?by that name|\bmailbox name not allowed|\bunrouteable address",
    re.IGNORECASE,
)
_BUSY_OR_GONE = re.compile(r"\bmailbox (?:is )?unavailable", re.IGNORECASE)
"""RFC 5321's text for 550. It does not say whether the mailbox exists."""
_EXCHANGE_UNKNOWN = re.compile(r"recipient address rejected", re.IGNORECASE)

_MAILBOX: Final = frozenset({(1, 1), (1, 2), (1, 3), (1, 4), (1, 6), (1, 10), (2, 1), (2, 4)})
"""Subject and detail about the recipient's mailbox or its domain. Not X.1.0, X.1.7 and X.1.8: they are about the sender, even
at RCPT (Postfix checks client, HELO and sender there). Not X.4.1 and X.4.4: the relay's routing or DNS may be at fault."""
_UNDEFINED: Final = (2, 0)
"""Final only if the text names the mailbox; as 4.2.0 it is greylisting."""
_ROUTING: Final = (4, 1)
"""No answer from host; with Exchange Online's text, an unknown user."""
_FULL: Final = (2, 2)
"""The mailbox is full. Temporary even as 5.2.2, because its owner can empty it."""
_MAILBOX_CODES: Final = frozenset({550, 551, 553})
"""Reply codes at RCPT that may be about the mailbox, for replies without an enhanced status."""
_NO_MAIL_DOMAIN: Final = 556
"""The recipient's domain accepts no mail (RFC 7504)."""
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
            return None  # in a contradictory reply the code counts
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
    if reply.enhanced is not None:
        kind, *detail = reply.enhanced
        return "operator" if _names_us(reply.text) else _by_status(tuple(detail), reply.text, final=kind == 5)
    return _by_text(reply) if stage == "rcpt" else "operator"


def _by_status(status: tuple[int, ...], text: str, *, final: bool) -> Blame:
    if status == _FULL or (status == _UNDEFINED and not final):
        return "recipient_for_now"
    if status == _UNDEFINED:
        return "recipient" if _names_no_mailbox(text) else "operator"
    if status == _ROUTING:
        return "recipient" if final and _EXCHANGE_UNKNOWN.search(text) else "operator"
    if status in _MAILBOX:
        return "recipient" if final else "recipient_for_now"
    return "operator"


def _by_text(reply: Reply) -> Blame:
    if reply.code == _NO_MAIL_DOMAIN:
        return "recipient"
    if _names_us(reply.text):
        return "operator"
    if reply.code in (450, 452, _FULL_CODE):
        return "recipient_for_now"
    if reply.code not in _MAILBOX_CODES:
        return "operator"
    if _names_no_mailbox(reply.text):
        return "recipient"
    return "recipient_for_now" if _BUSY_OR_GONE.search(reply.text) else "operator"


def _names_no_mailbox(text: str) -> bool:
    """Whether the text says that there is no such mailbox, and nothing of this system."""
    return not _names_us(text) and _NO_MAILBOX.search(_NOT_SAID.sub("", text)) is not None


def _names_us(text: str) -> bool:
    """Whether the text speaks of this system."""
    return _OUR_SIDE.search(_NOT_SAID.sub("", text)) is not None


def holds_all(stage: Stage, reply: Reply) -> bool:
    """Whether a fault certainly affects every mail: it came before the recipient was named, and not because of the size."""
    too_large = reply.code == _FULL_CODE if reply.enhanced is None else reply.enhanced[1:] in _TOO_LARGE
    return stage in ("connect", "tls", "ehlo", "auth") or (stage == "mail" and not too_large)


def broken_off(stage: Stage, reply: Reply) -> bool:
    """Whether the server ended the dialogue (421, connection closed, no answer) after the recipient was named. The server may
    be failing, or it fails for this recipient or message only."""
    ended = stage in ("rcpt", "data") and reply.code in (None, _CLOSING)
    return ended and blame(stage, reply) == "operator"  # not "421 4.2.1 mailbox busy"
