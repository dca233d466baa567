"""The SMTP dialogue, stage by stage, so that each reply is known with its stage."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field

import aiosmtplib

from services.notifications.domain.mail_faults import Blame, Reply, Stage, blame
from services.notifications.settings import Settings

__all__ = ["SMTP_SECONDS_MAX", "MailServer", "NotAcceptedError", "Step"]

SMTP_SECONDS_MAX = 60.0
"""Timeout of a whole dialogue; the lease of a delivery is longer."""
QUIT_SECONDS_MAX = 2.0


class NotAcceptedError(Exception):
    """The mail was not accepted. Its text may quote an address: log `stage` and `reply.status` only."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        super().__init__(stage, reply)
        self.stage = stage
        self.reply = reply

    @property
    def blame(self) -> Blame:
        return blame(self.stage, self.reply)

    @property
    def may_be_accepted(self) -> bool:
        """Whether the server may have accepted the message, because only its answer is missing."""
        return self.stage == "data" and self.reply.code is None


@dataclass(frozen=True, slots=True)
class Step:
    """The server's reply at a successful stage."""

    stage: Stage
    reply: Reply


@dataclass
class MailServer:
    """The mail server of the settings. Each mail has its own connection and one recipient."""

    settings: Settings
    _context: ssl.SSLContext | None = field(init=False)

    def __post_init__(self) -> None:
        self._context = self.settings.tls_context()

    async def send(self, sender: str, recipient: str, message: bytes, steps: list[Step] | None = None) -> None:
        """Sends a message. Sender and recipient are checked addresses and go into the envelope unchanged.

        Adds successful stages to `steps`. Raises NotAcceptedError.
        """
        dialogue = _Dialogue(self._client(), [] if steps is None else steps)
        try:
            async with asyncio.timeout(SMTP_SECONDS_MAX):
                await self._talk(dialogue, sender, recipient, message)
        except aiosmtplib.SMTPResponseException as error:
            code = error.code if error.code > 0 else None  # -1: not SMTP
            raise NotAcceptedError(dialogue.stage, Reply(code, _readable(error.message))) from error
        except (
            aiosmtplib.SMTPException,
            OSError,
            ValueError,
        ) as error:  # a ValueError: an answer that cannot be parsed
            stage: Stage = "tls" if _tls_fault(error) is not None else dialogue.stage
            raise NotAcceptedError(stage, Reply(None, _words(error))) from error
        finally:
            await dialogue.end()

    def _client(self) -> aiosmtplib.SMTP:
        settings = self.settings
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.mail_port,
            local_hostname=settings.helo_name,
            use_tls=settings.smtp_tls == "implicit",
            start_tls=False,  # done below, as a separate stage
            tls_context=self._context,
            timeout=None,  # SMTP_SECONDS_MAX limits the whole dialogue
        )

    async def _talk(self, dialogue: _Dialogue, sender: str, recipient: str, message: bytes) -> None:
        client = dialogue.client
        await dialogue.step("connect", client.connect())
        await dialogue.step("ehlo", client.ehlo())
        if self.settings.smtp_tls == "starttls":
            await dialogue.step("tls", client.starttls())
            await dialogue.step("ehlo", client.ehlo())
        if self.settings.login is not None:
            await dialogue.step("auth", client.login(*self.settings.login))
        options = [f"SIZE={len(message)}"] if client.supports_extension("size") else []
        await dialogue.step("mail", client.mail(sender, options=options))
        await dialogue.step("rcpt", client.rcpt(recipient))
        await dialogue.step("data", client.data(message))


@dataclass
class _Dialogue:
    client: aiosmtplib.SMTP
    steps: list[Step]
    stage: Stage = "connect"

    async def step(self, stage: Stage, command: Awaitable[aiosmtplib.SMTPResponse]) -> None:
        self.stage = stage
        code, text = await command
        self.steps.append(Step(stage, Reply(code, _readable(text))))

    async def end(self) -> None:
        """Sends QUIT and closes the connection. Errors are ignored: they do not affect the mail."""
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            if self.client.is_connected:
                await self.client.quit(timeout=QUIT_SECONDS_MAX)
        self.client.close()


def _readable(text: str) -> str:
    """The server's text; replaces characters that are not valid UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _tls_fault(error: BaseException) -> ssl.SSLError | None:
    """The TLS error that the client reports as a connection error; None if there is none."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _words(error: Exception) -> str:
    """Describes a fault without a server reply; contains no addresses."""
    tls = _tls_fault(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {tls.verify_message}"
    if tls is not None:
        return f"no TLS: {tls.reason or type(tls).__name__}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiosmtplib.SMTPServerDisconnected):
        return "the server closed the connection"
    return str(error) or type(error).__name__
