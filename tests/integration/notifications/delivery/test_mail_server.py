"""Mail over real connections: every kind of TLS and login, and the stage at which a server refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from embedded.children import free_port
from services.notifications.delivery import smtp
from services.notifications.delivery.smtp import MailServer, NotAcceptedError, Step
from tests.fixtures.mail_server import PASSWORD, USER, Certificate, Scripted, make_certificate, serving
from tests.fixtures.services import settings_for

SENDER, RECIPIENT = "kinerja@example.go.id", "o'budi+x/y@contoh.go.id"
MESSAGE = b"From: kinerja@example.go.id\r\nTo: Siti <siti@example.go.id>, x@example.go.id\r\n\r\nSatu.\r\n.\r\nDua.\r\n"
LOGIN = {"smtp_username": USER, "smtp_password": PASSWORD}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def server(port: int, **changes: Any) -> MailServer:
    values = {"smtp_host": "localhost", "smtp_port": port, "smtp_from": SENDER, **changes}
    return MailServer(settings_for("notifications", "postgresql+asyncpg://x/y", **values))


async def send(port: int, **changes: Any) -> list[str]:
    """The stages that the server completed."""
    steps: list[Step] = []
    await server(port, **changes).send(SENDER, RECIPIENT, MESSAGE, steps)
    return [step.stage for step in steps]


async def refusal(port: int, **changes: Any) -> NotAcceptedError:
    with pytest.raises(NotAcceptedError) as refused:
        await send(port, **changes)
    return refused.value


async def test_the_envelope_contains_the_checked_addresses_whatever_the_headers_say() -> None:
    script = Scripted()
    with serving(script) as port:
        assert await send(port, smtp_tls="none") == ["connect", "ehlo", "mail", "rcpt", "data"]
    assert script.envelopes == [(SENDER, [RECIPIENT], MESSAGE)]
    assert script.greeted_as == ["example.go.id"]


async def test_starttls_and_tls_from_the_first_byte_with_an_own_authority(certificate: Certificate) -> None:
    script = Scripted()
    with serving(script, tls=certificate) as port:
        stages = await send(port, smtp_ca_file=certificate.certificate)
        assert stages == ["connect", "ehlo", "tls", "ehlo", "mail", "rcpt", "data"]
    with serving(script, tls=certificate, implicit=True) as port:
        stages = await send(port, smtp_tls="implicit", smtp_ca_file=certificate.certificate)
        assert stages == ["connect", "ehlo", "mail", "rcpt", "data"]
    assert len(script.envelopes) == 2


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
async def test_a_server_with_an_untrusted_or_wrong_certificate_gets_nothing(
    certificate: Certificate, tmp_path: Path, mode: str
) -> None:
    script, other = Scripted(), make_certificate(tmp_path, "other.example.go.id")
    for tls, trusted, words in ((certificate, None, "self-signed"), (other, other.certificate, "ostname mismatch")):
        with serving(script, tls=tls, implicit=mode == "implicit") as port:
            refused = await refusal(port, smtp_tls=mode, smtp_ca_file=trusted)
        assert refused.stage == "tls"
        assert refused.blame == "operator"
        assert words in refused.reply.text.replace("self signed", "self-signed")
    assert script.envelopes == []


async def test_a_server_that_offers_no_starttls_gets_neither_password_nor_mail(certificate: Certificate) -> None:
    script = Scripted(hide_starttls=True)
    with serving(script, tls=certificate, mechanisms={"PLAIN"}) as port:
        refused = await refusal(port, smtp_ca_file=certificate.certificate, **LOGIN)
    assert (refused.stage, refused.blame) == ("tls", "operator")
    assert "STARTTLS" in refused.reply.text
    assert (script.logins, script.envelopes) == ([], [])


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_every_usual_login_method_works(certificate: Certificate, mechanism: str) -> None:
    script = Scripted()
    with serving(script, tls=certificate, mechanisms={mechanism}) as port:
        assert "auth" in await send(port, smtp_ca_file=certificate.certificate, **LOGIN)
        refused = await refusal(port, smtp_ca_file=certificate.certificate, smtp_username=USER, smtp_password="wrong")
        without = await refusal(port, smtp_ca_file=certificate.certificate)
    assert script.logins == [mechanism]
    assert (refused.stage, refused.reply.code, refused.blame) == ("auth", 535, "operator")
    assert (without.stage, without.reply.code, without.blame) == ("mail", 530, "operator")


async def test_a_server_without_logins_fails_at_the_login() -> None:
    with serving(Scripted()) as port:
        refused = await refusal(port, smtp_tls="none", **LOGIN)
    assert (refused.stage, refused.blame) == ("auth", "operator")
    assert "AUTH" in refused.reply.text


@pytest.mark.parametrize(
    ("command", "answer", "stage", "blame"),
    [
        ("EHLO", "504 5.5.2 need fully-qualified hostname", "ehlo", "operator"),
        ("EHLO", "550 not you", "ehlo", "operator"),
        ("MAIL", "550 5.7.1 sender not allowed", "mail", "operator"),
        ("RCPT", "504 5.5.2 Helo command rejected", "rcpt", "operator"),
        ("RCPT", "554 5.7.1 Relay access denied", "rcpt", "operator"),
        ("RCPT", "550 5.1.1 no such user", "rcpt", "recipient"),
        ("RCPT", "452 4.2.2 full", "rcpt", "recipient_for_now"),
        ("DATA", "554 5.7.1 spam", "data", "operator"),
    ],
)
async def test_a_refusal_names_its_stage(command: str, answer: str, stage: str, blame: str) -> None:
    with serving(Scripted({command: answer})) as port:
        refused = await refusal(port, smtp_tls="none")
    code, _, text = answer.partition(" ")
    assert (refused.stage, refused.reply.code, refused.reply.text) == (stage, int(code), text)
    assert refused.blame == blame


async def test_a_mail_that_is_too_large_is_refused_before_it_is_sent() -> None:
    script = Scripted()
    with serving(script, size=50) as port:
        refused = await refusal(port, smtp_tls="none")
    assert (refused.stage, refused.reply.code, refused.blame) == ("mail", 552, "operator")


@pytest.mark.parametrize(
    ("says", "stage", "code", "words"),
    [
        (b"554 5.7.1 go away\r\n", "connect", 554, "go away"),
        (b"", "connect", None, "EOF"),
        (b"HTTP/1.1 400 Bad Request\r\n", "connect", None, "HTTP"),
        (b"220 hi\r\n", "ehlo", None, "closed the connection"),
        (b"220 hi\r\n250 hi\r\n\xff\r\n", "mail", None, ""),
    ],
)
async def test_a_server_that_is_no_mail_server_is_an_operator_fault_of_every_mail(
    says: bytes, stage: str, code: int | None, words: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in says.splitlines(keepends=True):
            writer.write(line)
            await reader.readline()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening:
        refused = await refusal(listening.sockets[0].getsockname()[1], smtp_tls="none")
    assert (refused.stage, refused.reply.code, refused.blame) == (stage, code, "operator")
    assert words in refused.reply.text


@asynccontextmanager
async def after_the_message(
    answer: bytes | None, *, data: bytes = b"354 go\r\n", seconds: float = 0
) -> AsyncIterator[int]:
    """The port of a server that sends this answer after a delay; None: only after the client disconnects."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in (b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", data):
            writer.write(line)
            await reader.readline()
        if data.startswith(b"354"):
            await reader.readuntil(b"\r\n.\r\n")
        await asyncio.sleep(seconds)
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


@pytest.mark.parametrize("answer", ["250 2.0.0 queued", "251 will forward", "200 ok"])
async def test_any_positive_answer_to_the_message_accepts_it(answer: str) -> None:
    async with after_the_message(answer.encode() + b"\r\n") as port:
        assert (await send(port, smtp_tls="none"))[-1] == "data"


@pytest.mark.parametrize(("command", "code"), [("RCPT", 252), ("RCPT", 251), ("MAIL", 200), ("RCPT", 299)])
async def test_any_positive_answer_to_sender_and_recipient_accepts_them(command: str, code: int) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        while line := await reader.readline():
            answer = code if line.startswith(command.encode()) else 250
            if line.startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"%d cannot verify\r\n" % answer)
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        assert await send(port, smtp_tls="none") == ["connect", "ehlo", "mail", "rcpt", "data"]


@pytest.mark.parametrize(
    ("answer", "unsure"),
    [
        (b"", True),
        (b"hello\r\n", True),
        (b"25\r\n", True),
        (b"354 go\r\n", True),
        (b"421 4.3.2 shutting down\r\n", False),
        (b"554 5.7.1 spam\r\n", False),
    ],
)
async def test_a_message_without_a_clear_answer_may_be_accepted(answer: bytes, unsure: bool) -> None:
    async with after_the_message(answer) as port:
        refused = await refusal(port, smtp_tls="none")
    assert (refused.stage, refused.blame, refused.may_be_accepted) == ("data", "operator", unsure)


@pytest.mark.parametrize("data", [b"", b"250 ok\r\n", b"554 5.5.1 no\r\n"])
async def test_a_message_that_was_not_sent_is_not_accepted(data: bytes) -> None:
    async with after_the_message(b"", data=data) as port:
        refused = await refusal(port, smtp_tls="none")
    assert (refused.stage, refused.may_be_accepted) == ("data", False)


async def test_the_answer_to_the_message_has_a_time_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert smtp.ANSWER_SECONDS_MAX >= 600  # RFC 5321, 4.5.3.2.6
    monkeypatch.setattr(smtp, "SMTP_SECONDS_MAX", 3.0)
    async with after_the_message(b"250 ok\r\n", seconds=3.5) as port:
        assert (await send(port, smtp_tls="none"))[-1] == "data"
    async with after_the_message(None) as port:
        with pytest.raises(NotAcceptedError) as refused:
            await server(port, smtp_tls="none").send(SENDER, RECIPIENT, MESSAGE, answer_seconds=0.3)
    assert (refused.value.reply.text, refused.value.may_be_accepted) == ("no answer in time", True)


async def test_an_ipv6_address_in_brackets_is_reached() -> None:
    refused = await refusal(free_port(), smtp_host="[::1]", smtp_tls="none")
    assert "not known" not in refused.reply.text
    assert "::1" in refused.reply.text


async def test_an_unreachable_or_silent_server_is_an_operator_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    away = await refusal(free_port(), smtp_tls="none")
    assert (away.stage, away.reply.code) == ("connect", None)

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(smtp, "SMTP_SECONDS_MAX", 0.3)
    listening = await asyncio.start_server(mute, "127.0.0.1", 0)
    async with listening:
        silent = await refusal(listening.sockets[0].getsockname()[1], smtp_tls="none")
    assert (silent.stage, silent.reply.text) == ("connect", "no answer in time")
