"""The mail server of the tests of notices: it stores mails, which helpers read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
from email import message_from_bytes, policy
from typing import Any

from embedded.postgres import EmbeddedPostgres
from shared.base.clock import FakeClock
from tests.fixtures.services import Running, running_service

MAIL_SETTINGS = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_from": "Dinas Contoh <kinerja@example.go.id>"}


class Mails:
    """A mail server that stores what it receives, or answers as the test sets."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.asked: list[str] = []
        """Recipients that a client named, and senders that were refused."""
        self.answer = "250 OK"
        """To RCPT; `drop` closes the connection."""
        self.answers: dict[str, str] = {}
        """To MAIL and DATA; `drop` closes the connection instead of an answer. A mail is stored unless it is refused."""
        self.refused_only: str | Collection[str] | None = None
        """The only recipients that get `answer`."""
        self.port = 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """Runs in the test's loop after a mail arrives and before its answer."""
        self.loop: asyncio.AbstractEventLoop | None = None

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        only = self.refused_only
        refused = only is None or address in ([only] if isinstance(only, str) else only)
        answer = self.answer if refused else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        self.asked.append(address)
        if answer == "drop":
            server.transport.close()
        return answer

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        answer = self.answers.get("MAIL", "250 OK")
        if answer.startswith("2"):
            envelope.mail_from, envelope.mail_options = address, options
        else:
            self.asked.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer[0] in "45":
            return answer
        self.kept.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.meanwhile is not None and self.loop is not None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._meanwhile(), self.loop))
        if answer == "drop":
            server.transport.close()
        return "250 OK"

    async def _meanwhile(self) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()


def text_of(mail: Any) -> str:
    """The plain text of a mail."""
    text: str = mail.get_body(("plain",)).get_content()
    return text


def address_of(mail: Any) -> str:
    """The recipient's address."""
    [recipient] = mail["To"].addresses
    address: str = recipient.addr_spec
    return address


def link_of(mail: Any) -> str:
    """The link to the inbox."""
    [link] = [line for line in text_of(mail).splitlines() if line.startswith("http")]
    return link


def second_sender(
    first: Running, server: EmbeddedPostgres, clock: FakeClock, mails: Mails
) -> AbstractAsyncContextManager[Running]:
    """A second process of the service on the same database."""
    database = first.context.settings.database
    return running_service(
        "notifications", server, clock=clock, database_url=database, smtp_port=mails.port, **MAIL_SETTINGS
    )
