"""The format of a mail: RFC 5322 headers, and the same text in plain text and HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from pathlib import Path

from shared.http.pages import page_templates

__all__ = ["Mail", "compose"]

LINK_LABEL = "Buka kotak surat Bapak/Ibu"
CLOSING = "Surel ini dibuat oleh sistem secara otomatis. Mohon tidak membalasnya."
NAME_CHARS_MAX = 200
LINE_MAX = 70
"""Of encoded words: at most 75 are allowed, and Python's count is too small by a few characters."""
_EMPTY_LINES = re.compile(r"\n\s*\n")
_HEADER_NAME = re.compile(rb"^([!-9;-~]+): ", re.MULTILINE)
# 7-bit with CRLF: it passes relays without 8BITMIME, and no relay has to convert it. A header that is set raw is not parsed
# again: the parser decodes encoded words and writes their content, line breaks too.
_POLICY = SMTP.clone(cte_type="7bit", refold_source="none")
_UTF8 = Charset("utf-8")
_UTF8.header_encoding = QP
_templates = page_templates(Path(__file__).resolve().parents[1] / "templates" / "mail")


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
    """The whole message, in ASCII, each line shorter than 998 bytes and ended by CRLF.

    Raises ValueError if the headers are not exactly those that were set.
    """
    message = EmailMessage(policy=_POLICY)
    subject = _one_line(mail.subject)
    message.set_raw("From", _address(mail.sender))
    message.set_raw("To", _address(mail.recipient))
    message.set_raw("Subject", _text(subject))
    message["Date"] = mail.date
    message["Message-ID"] = mail.message_id
    if mail.answers is not None:
        message["In-Reply-To"] = message["References"] = mail.answers
    # RFC 3834, and the header of Exchange: suppress out-of-office replies and receipts, but not bounces.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "DR, RN, NRN, OOF, AutoReply"
    values = {
        "subject": subject,
        "paragraphs": [part.splitlines() for part in _EMPTY_LINES.split(mail.text.strip())],
        "link": mail.link,
        "link_label": LINK_LABEL,
        "closing": CLOSING,
    }
    message.set_content(_templates.get_template("mail.txt").render(values), cte="quoted-printable")
    message.add_alternative(_templates.get_template("mail.html").render(values), subtype="html", cte="quoted-printable")
    message["Content-Language"] = "id"
    raw = message.as_bytes()
    headers = _HEADER_NAME.findall(raw.partition(b"\r\n\r\n")[0])
    if [name.decode() for name in headers] != message.keys():
        raise ValueError(f"headers that were not set: {headers}")
    return raw


def _address(named: tuple[str, str]) -> str:
    """The header's value: the name in quotes or as encoded words, and the address."""
    name, address = _one_line(named[0])[:NAME_CHARS_MAX], named[1]
    return formataddr((name, address)) if _is_plain(name) else f"{_encoded(name)}\r\n <{address}>"


def _text(text: str) -> str:
    """The value of a header of free text."""
    return Header(text, header_name="Subject").encode(linesep="\r\n") if _is_plain(text) else _encoded(text)


def _is_plain(text: str) -> bool:
    """Whether a header shows the text as it is. With `=?` a reader takes it for an encoded word (RFC 2047)."""
    return text.isascii() and "=?" not in text


def _encoded(text: str) -> str:
    """The text as encoded words, which a reader decodes once."""
    return Header(text, _UTF8, maxlinelen=LINE_MAX, header_name="Subject").encode(linesep="\r\n")


def _one_line(text: str) -> str:
    """Printable characters with single spaces: text from another producer must not inject a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
