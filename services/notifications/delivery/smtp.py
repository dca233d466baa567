"""The SMTP dialogue, stage by stage, so that each reply is known with its stage."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field

import aiosmtplib

from services.notifications.delivery.rules.faults import Blame, Reply, Stage, blame, broken_off, holds_all
from services.notifications.settings import Settings

__all__ = ["ANSWER_SECONDS_MAX", "SMTP_SECONDS_MAX", "MailServer", "NotAcceptedError", "Step"]

SMTP_SECONDS_MAX = 60.0
"""Timeout of the dialogue up to the message."""
ANSWER_SECONDS_MAX = 600.0
"""Timeout of the message and its reply (RFC 5321, 4.5.3.2.6): a sender that gives up earlier sends accepted mails again."""
QUIT_SECONDS_MAX = 2.0
_LINE_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)


class NotAcceptedError(Exception):
    """The mail was not accepted. Its text may quote an address: log `stage` and `reply.status` only."""

    def __init__(self, stage: Stage, reply: Reply, *, handed_over: bool = False) -> None:
        super().__init__(stage, reply)
        self.stage = stage
        self.reply = reply
        self.handed_over = handed_over
        """Whether the message was sent before the fault."""

    @property
    def blame(self) -> Blame:
        return blame(self.stage, self.reply)

    @property
    def holds_all(self) -> bool:
        return holds_all(self.stage, self.reply)

    @property
    def broken_off(self) -> bool:
        return broken_off(self.stage, self.reply)

    @property
    def may_be_accepted(self) -> bool:
        """Whether the server may have accepted the message: it got it, and did not refuse it (4xx, 5xx)."""
        return self.handed_over and not (self.reply.code is not None and 400 <= self.reply.code < 600)


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

    async def send(
        self,
        sender: str,
        recipient: str,
        message: bytes,
        steps: list[Step] | None = None,
        *,
        answer_seconds: float = ANSWER_SECONDS_MAX,
    ) -> None:
        """Sends a message, whose lines end with CRLF. Sender and recipient are checked addresses and go into the envelope
        unchanged.

        Adds successful stages to `steps`. Raises NotAcceptedError.
        """
        dialogue = _Dialogue(self._client(), [] if steps is None else steps)
        try:
            async with asyncio.timeout(SMTP_SECONDS_MAX) as limit:
                await self._talk(dialogue, sender, recipient, len(message))
                limit.reschedule(asyncio.get_running_loop().time() + answer_seconds)
                await dialogue.step("data", dialogue.hand_over(message))
        except aiosmtplib.SMTPResponseException as error:
            code = error.code if error.code > 0 else None  # -1: not SMTP
            reply = Reply(code, _readable(error.message))
            raise NotAcceptedError(dialogue.stage, reply, handed_over=dialogue.handed_over) from error
        except (
            aiosmtplib.SMTPException,
            OSError,
            ValueError,
        ) as error:  # a ValueError: an answer that cannot be parsed
            stage: Stage = "tls" if _tls_fault(error) is not None else dialogue.stage
            raise NotAcceptedError(stage, Reply(None, _description(error)), handed_over=dialogue.handed_over) from error
        finally:
            await dialogue.end()

    def _client(self) -> aiosmtplib.SMTP:
        settings = self.settings
        return aiosmtplib.SMTP(
            hostname=(settings.smtp_host or "").strip("[]"),  # the socket takes an IPv6 address without brackets
            port=settings.mail_port,
            local_hostname=settings.helo_name,
            use_tls=settings.smtp_tls == "implicit",
            start_tls=False,  # done below, as a separate stage
            tls_context=self._context,
            timeout=None,  # `send` limits the whole dialogue
        )

    async def _talk(self, dialogue: _Dialogue, sender: str, recipient: str, size: int) -> None:
        """Up to DATA."""
        client = dialogue.client
        await dialogue.step("connect", client.connect())
        await dialogue.step("ehlo", client.ehlo())
        if self.settings.smtp_tls == "starttls":
            await dialogue.step("tls", client.starttls())
            await dialogue.step("ehlo", client.ehlo())
        if self.settings.login is not None:
            await dialogue.step("auth", client.login(*self.settings.login))
        options = [f"SIZE={size}"] if client.supports_extension("size") else []
        await dialogue.step("mail", _any_2xx(client.mail(sender, options=options)))
        await dialogue.step("rcpt", _any_2xx(client.rcpt(recipient)))
        await dialogue.begin_data()


@dataclass
class _Dialogue:
    client: aiosmtplib.SMTP
    steps: list[Step]
    stage: Stage = "connect"
    handed_over: bool = False

    async def step(self, stage: Stage, command: Awaitable[aiosmtplib.SMTPResponse]) -> None:
        self.stage = stage
        code, text = await command
        self.steps.append(Step(stage, Reply(code, _readable(text))))

    async def begin_data(self) -> None:
        """DATA by itself, unlike aiosmtplib's `data`: the server can accept the message only after the next step."""
        self.stage = "data"
        code, text = await self.client.execute_command(b"DATA")
        if code != aiosmtplib.SMTPStatus.start_input:
            raise aiosmtplib.SMTPDataError(code, text)

    async def hand_over(self, message: bytes) -> aiosmtplib.SMTPResponse:
        """The message and its reply. Any 2xx accepts it; another would cause a second copy."""
        if self.client.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        self.client.protocol.write(_LINE_WITH_DOT.sub(b"..", message) + b".\r\n")
        self.handed_over = True
        answer = await self.client.protocol.read_response()
        if not 200 <= answer.code < 300:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        return answer

    async def end(self) -> None:
        """Sends QUIT and closes the connection. Errors are ignored: they do not affect the mail."""
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            if self.client.is_connected:
                await self.client.quit(timeout=QUIT_SECONDS_MAX)
        self.client.close()


async def _any_2xx(command: Awaitable[aiosmtplib.SMTPResponse]) -> aiosmtplib.SMTPResponse:
    """The reply of MAIL or RCPT. Any 2xx accepts, as "252 cannot verify"; aiosmtplib knows 250 and 251 only."""
    try:
        return await command
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused) as error:
        if not 200 <= error.code < 300:
            raise
        return aiosmtplib.SMTPResponse(error.code, error.message)


def _readable(text: str) -> str:
    """The server's text; replaces characters that are not valid UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _tls_fault(error: BaseException) -> ssl.SSLError | None:
    """The TLS error that the client reports as a connection error; None if there is none."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _description(error: Exception) -> str:
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
