"""The format of a mail: RFC 5322 headers, and the same text in plain text and HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from shared.pages import page_templates

__all__ = ["Mail", "compose"]

LINK_LABEL = "Buka kotak surat Bapak/Ibu"
CLOSING = "Surel ini dibuat oleh sistem secara otomatis. Mohon tidak membalasnya."
NAME_CHARS_MAX = 200
_EMPTY_LINES = re.compile(r"\n\s*\n")
# 7-bit with CRLF: it passes relays without 8BITMIME, and no relay has to convert it.
_POLICY = SMTP.clone(cte_type="7bit")
_templates = page_templates(Path(__file__).resolve().parent / "templates" / "mail")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. `sender` and `recipient` are (display name, checked address)."""

    sender: tuple[str, str]
    recipient: tuple[str, str]
    date: datetime
    message_id: str
    subject: str
    text: str
    """Paragraphs, separated by empty lines."""
    link: str | None = None
    """The recipient's inbox."""
    answers: str | None = None
    """The Message-ID of the mail that this one corrects."""


def compose(mail: Mail) -> bytes:
    """The whole message, in ASCII, each line shorter than 998 bytes and ended by CRLF."""
    message = EmailMessage(policy=_POLICY)
    subject = _one_line(mail.subject)
    message["From"] = _address(mail.sender)
    message["To"] = _address(mail.recipient)
    message["Subject"] = subject
    message["Date"] = mail.date
    message["Message-ID"] = mail.message_id
    if mail.answers is not None:
        message["In-Reply-To"] = message["References"] = mail.answers
    # RFC 3834, and the header of Exchange: suppress out-of-office replies and receipts, but not bounces.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "DR, RN, NRN, OOF, AutoReply"
    words = {
        "subject": subject,
        "paragraphs": [part.splitlines() for part in _EMPTY_LINES.split(mail.text.strip())],
        "link": mail.link,
        "link_label": LINK_LABEL,
        "closing": CLOSING,
    }
    message.set_content(_templates.get_template("mail.txt").render(words), cte="quoted-printable")
    message.add_alternative(_templates.get_template("mail.html").render(words), subtype="html", cte="quoted-printable")
    message["Content-Language"] = "id"
    return message.as_bytes()


def _address(named: tuple[str, str]) -> Address:
    name, address = named
    return Address(_one_line(name)[:NAME_CHARS_MAX], addr_spec=address)


def _one_line(text: str) -> str:
    """Printable characters with single spaces: text from another producer must not inject a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
