"""What a person can change when a mail server does not accept a mail, by the rule that decides whose fault it is."""

from __future__ import annotations

from typing import Final

from services.notifications.domain.mail_faults import Blame, Reply, Stage, blame

__all__ = ["advice"]

_TEMPORARY: Final = "The server refuses for now: waiting mails are tried again without any change."
_OF_STAGE: Final[dict[Stage, str]] = {
    "connect": "The mail server cannot be reached: check SMTP_HOST and SMTP_PORT, and that a firewall lets this machine out. A"
    " server with TLS from the first byte (often port 465) needs SMTP_TLS=implicit.",
    "tls": "No trusted TLS connection: SMTP_HOST must be a name in the server's certificate; for an authority of your own set"
    " SMTP_CA_FILE. Where the server offers no STARTTLS, it may want SMTP_TLS=implicit (often port 465). SMTP_TLS=none sends"
    " everything readable, and is for a server on the same private network.",
    "ehlo": "The server does not take the name in EHLO: set SMTP_HELO_NAME to a full host name that leads to this machine.",
    "auth": "The login failed: check SMTP_USERNAME and the password in deploy/secrets/smtp_password. The server must offer"
    " PLAIN, LOGIN or CRAM-MD5; many do so only with TLS. Some mail services want a password of their own for programs.",
    "mail": "The server does not take the sender: SMTP_FROM must be an address that this server may send for, often that of"
    " SMTP_USERNAME; its domain must exist. A full mailbox or a used-up quota of the sender is also told here.",
    "rcpt": "The server accepts mail for this recipient only from senders that it knows: set SMTP_USERNAME and its password,"
    " or let the mail server's administrator allow this machine's address to relay. Postfix tells here as well that it does"
    " not like SMTP_HELO_NAME, SMTP_FROM or this machine's address.",
    "data": "The server refuses the message itself, by its size or content, or what this sender may send: ask its"
    " administrator for the reason, with the answer above.",
}
_OF_RECIPIENT: Final[dict[Blame, str]] = {
    "recipient": "The mail server knows no such mailbox: correct the address, for an officer in the roster.",
    "recipient_for_now": "The mailbox takes nothing at the moment (it is full, or busy). It is tried again for about three days.",
}
_SIZE: Final = "The message is too large for this server: let its administrator raise the limit."


def advice(stage: Stage, reply: Reply) -> str:
    """One or two sentences: what to change."""
    whose = blame(stage, reply)
    if whose != "operator":
        return _OF_RECIPIENT[whose]
    if reply.enhanced is not None and reply.enhanced[1:] in ((2, 3), (3, 4)):
        return _SIZE
    first = f"{_TEMPORARY} " if reply.code is not None and 400 <= reply.code < 500 else ""
    return first + _OF_STAGE[stage]
