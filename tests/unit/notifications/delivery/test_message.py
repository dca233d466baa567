"""A mail as programs read it: one recipient, one line per header, the same text in both parts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.delivery.message import Mail, compose

LINK = "https://kinerja.example.go.id/notices/inbox/" + "a1-B_" * 30
WIB = timezone(timedelta(hours=7))


def mail(**changes: Any) -> Mail:
    values: dict[str, Any] = {
        "sender": ("Kinerja", "kinerja@example.go.id"),
        "recipient": ("Budi", "budi@example.go.id"),
        "date": datetime(2026, 8, 10, 10, 0, tzinfo=WIB),
        "message_id": "<1@example.go.id>",
        "subject": "Informasi",
        "text": "Yth. Bapak/Ibu Budi,\n\nSatu.\nDua.",
        "link": LINK,
    }
    return Mail(**values | changes)


def read(raw: bytes) -> EmailMessage:
    """Reads it as a mail program does; raises a fault that the parser finds."""
    found = message_from_bytes(raw, policy=policy.SMTP.clone(raise_on_defect=True))
    assert isinstance(found, EmailMessage)
    return found


def check_wire(raw: bytes) -> None:
    """RFC 5322 and 5321: 7 bits, CRLF alone, lines below 998 bytes; RFC 2047: encoded words of at most 75."""
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert max(len(line) for line in raw.split(b"\r\n")) < 998
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?[qb]\?[^?\s]*\?=", raw.split(b"\r\n\r\n")[0]))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str | None] = []
        self._title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._title = tag == "title"
        self.links += [value for name, value in attrs if tag == "a" and name == "href"]

    def handle_data(self, data: str) -> None:
        if not self._title:
            self.text.append(data)
        self._title = False


def parts(message: EmailMessage) -> tuple[str, _Words]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    words = _Words()
    words.feed(html.get_content())
    return plain.get_content(), words


def test_the_message_has_the_headers_that_servers_and_auto_responders_read() -> None:
    message = read(compose(mail(answers="<0@example.go.id>")))
    assert message["Date"].datetime == datetime(2026, 8, 10, 3, 0, tzinfo=UTC)
    assert message["Message-ID"] == "<1@example.go.id>"
    assert message["In-Reply-To"] == message["References"] == "<0@example.go.id>"
    assert message["From"] == "Kinerja <kinerja@example.go.id>"
    assert message["To"] == "Budi <budi@example.go.id>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "OOF" in message["X-Auto-Response-Suppress"]
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert all(message.get_all(name) and len(message.get_all(name)) == 1 for name in set(message.keys()))


def test_both_parts_have_the_same_text_and_the_link_to_the_inbox() -> None:
    raw = compose(mail(text="Yth. <b>Bapak</b> & Ibu,\n\n\n.\nFrom sini \"é\" 'x'\n\n{{ tetap }}", subject="A < B & C"))
    check_wire(raw)
    plain, html = parts(read(raw))
    assert LINK in plain.splitlines()
    assert html.links == [LINK, LINK]
    said = " ".join("".join(html.text).split())
    for words in ("Yth. <b>Bapak</b> & Ibu,", ". From sini \"é\" 'x'", "{{ tetap }}", "A < B & C"):
        assert words in said
    ignored = {"--", "Buka", "kotak", "surat", "Bapak/Ibu", "Bapak/Ibu:", "A", "<", "B", "&", "C"}
    assert set(plain.split()) - ignored == set(said.split()) - ignored


def test_a_mail_without_a_link_has_none() -> None:
    plain, html = parts(read(compose(mail(link=None))))
    assert "http" not in plain
    assert html.links == []


@pytest.mark.parametrize(
    "bad", ["Budi\r\nBcc: siti@example.go.id", "Budi\nX: y", "Budi\x00\x85 X:y", "Budi\u2028Bcc: x@y.id"]
)
def test_a_name_or_subject_cannot_inject_a_header(bad: str) -> None:
    raw = compose(mail(recipient=(bad, "budi@example.go.id"), subject=bad, sender=(bad, "kinerja@example.go.id")))
    check_wire(raw)
    message = read(raw)
    assert message["Bcc"] is None
    assert message["X"] is None
    assert [one.addr_spec for one in message["To"].addresses] == ["budi@example.go.id"]


ENCODED = "=?utf-8?q?=0d=0aBcc:_evil=40x.id=0d=0aReply-To:_evil=40x.id=0d=0a=0d=0aPalsu?="
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
    "Content-Type", "Content-Language",
]  # fmt: skip


def names_of_headers(raw: bytes) -> list[str]:
    """Parses by hand, because a parser stops at the first fault: each line is a header or continues one."""
    lines = raw.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(line.strip() for line in lines)
    return [line.partition(b":")[0].decode() for line in lines if line[:1] not in (b" ", b"\t")]


@pytest.mark.parametrize("text", [f"Desi {ENCODED}", ENCODED, f"É, {ENCODED}", ENCODED * 3, "=?", "a=?=b"])
def test_an_encoded_word_arrives_as_the_text_that_was_typed(text: str) -> None:
    raw = compose(mail(recipient=(text, "b@x.go.id"), sender=(text, "k@x.go.id"), subject=text))
    check_wire(raw)
    assert sorted(names_of_headers(raw)) == sorted(HEADERS)
    found = message_from_bytes(raw)  # the old parser decodes nothing by itself
    for header, address in (("To", "<b@x.go.id>"), ("From", "<k@x.go.id>"), ("Subject", "")):
        shown = str(make_header(decode_header(found[header])))
        assert "".join(shown.split()) == "".join((text[:200] if address else text).split()) + address
    assert read(raw).get_body(("plain",)) is not None  # the text is in the body


PIECES = st.sampled_from(
    ["=?utf-8?q?=0d=0aBcc:_e=40x.id?=", "=?", "?=", "?q?", "?b?", "=0d=0a", "=", "?", "utf-8", " "]
)
CHARACTERS = st.one_of(st.characters(codec="utf-8"), st.sampled_from(' ,;:"\\<>@()[]=?_.é中'))
NAMES = st.lists(st.one_of(PIECES, CHARACTERS), max_size=200).map(lambda parts: "".join(parts)[:200])


@settings(max_examples=150, deadline=None)
@given(NAMES, NAMES, st.text(st.characters(codec="utf-8"), max_size=3_000))
def test_any_name_subject_and_text_make_a_valid_message(name: str, subject: str, text: str) -> None:
    raw = compose(mail(recipient=(name, "budi@example.go.id"), subject=subject, text=text))
    check_wire(raw)
    assert sorted(names_of_headers(raw)) == sorted(HEADERS)
    message = message_from_bytes(raw, policy=policy.SMTP)
    [to] = message["To"].addresses
    assert to.addr_spec == "budi@example.go.id"
    # Python's own parser puts spaces between encoded words, so spaces are ignored
    assert "".join(to.display_name.split()) == "".join(c for c in name if c.isprintable() and not c.isspace())
