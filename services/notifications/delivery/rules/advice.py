"""What a person can change when a mail server does not accept a mail; uses `blame`."""

from __future__ import annotations

from typing import Final

from services.notifications.delivery.rules.faults import Blame, Reply, Stage, blame

__all__ = ["advice"]

_TEMPORARY: Final = "The server refuses temporarily: waiting mails are retried without any change."
_OF_STAGE: Final[dict[Stage, str]] = {
    "connect": "The mail server cannot be reached: check SMTP_HOST and SMTP_PORT, and that a firewall allows outgoing"
    " connections. A server with TLS from the first byte (often port 465) needs SMTP_TLS=implicit.",
    "tls": "No trusted TLS connection: SMTP_HOST must be a name in the server's certificate; for your own certificate authority"
    " set SMTP_CA_FILE. A server without STARTTLS may need SMTP_TLS=implicit (often port 465). SMTP_TLS=none sends everything"
    " unencrypted: use it only for a server on the same private network.",
    "ehlo": "The server rejects the name in EHLO: set SMTP_HELO_NAME to a full host name that resolves to this machine.",
    "auth": "The login failed: check SMTP_USERNAME and the password in deploy/secrets/smtp_password. The server must offer"
    " PLAIN, LOGIN or CRAM-MD5; many do so only with TLS. Some mail services require an app password.",
    "mail": "The server rejects the sender: SMTP_FROM must be an address that this server may send for, often the address of"
    " SMTP_USERNAME; its domain must exist. Servers also report a sender's full mailbox or exceeded quota here.",
    "rcpt": "The server accepts mail for this recipient only from known senders: set SMTP_USERNAME and its password, or ask the"
    " mail server's administrator to allow this machine's address to relay. Postfix also reports here that it rejects"
    " SMTP_HELO_NAME, SMTP_FROM or this machine's address.",
    "data": "The server refuses the message because of its size or content, or because this sender may not send it: ask its"
    " administrator for the reason, and show the answer above.",
}
_OF_RECIPIENT: Final[dict[Blame, str]] = {
    "recipient": "The mail server knows no such mailbox: correct the address, for an officer in the roster.",
    "recipient_for_now": "The mailbox accepts no mail at the moment (it is full or busy). Kinerja retries for about three days.",
}
_SIZE: Final = "The message is too large for this server: ask its administrator to raise the limit."


def advice(stage: Stage, reply: Reply) -> str:
    """One or two sentences: what to change."""
    whose = blame(stage, reply)
    if whose != "operator":
        return _OF_RECIPIENT[whose]
    if reply.enhanced is not None and reply.enhanced[1:] in ((2, 3), (3, 4)):
        return _SIZE
    first = f"{_TEMPORARY} " if reply.code is not None and 400 <= reply.code < 500 else ""
    return first + _OF_STAGE[stage]
