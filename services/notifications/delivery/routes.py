"""The mail server: the queue of waiting mails, and test mails."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.notifications.delivery.mail_check import CHECKS_PER_MINUTE, MailCheck
from services.notifications.delivery.queue import read_queue
from services.notifications.delivery.rules.advice import advice
from services.notifications.delivery.rules.faults import Reply, Stage
from services.notifications.dependencies import ContextDep, OperatorDep
from services.notifications.settings import Settings, TlsMode
from shared.base.email_address import EmailAddress
from shared.errors.errors import ConflictError
from shared.errors.problem_types import CONFLICT, TOO_MANY_REQUESTS
from shared.http.problems import problem
from shared.openapi.models import Answer, Input
from shared.openapi.refusals import refuses
from shared.service.app import part_of

__all__ = ["router"]

router = APIRouter(prefix="/notices/v1", tags=["mail"])

SAID_CHARS_MAX = 2_000

MailCheckDep = Annotated[MailCheck, Depends(part_of(MailCheck))]


class MailServerInfo(Answer):
    """How this system sends mail."""

    server: str
    """host:port of the mail server."""
    tls: TlsMode
    """none, starttls (required) or implicit (TLS from the first byte)."""
    login: bool
    """Whether Kinerja logs in."""
    greets_as: str
    """The name in EHLO."""
    sender: str
    """The sender's address."""


class MailQueueState(Answer):
    """The mails that are not sent yet."""

    mail_server: MailServerInfo | None
    """Null without a configured mail server: notices then stay in the inboxes."""
    waiting: int
    """Mails in the queue."""
    held: int
    """Mails that failed with a fault that the operator has to fix; others may wait behind them."""
    held_since: datetime | None
    """Since when the oldest of them is held."""
    held_by: str | None
    """The stage at which the oldest was refused, with the reply code and enhanced status, for example `rcpt 550 5.7.1`."""


class MailTest(Input):
    """The recipient of the test mail."""

    to: EmailAddress
    """One address, in ASCII."""


class MailStep(Answer):
    """What the mail server answered at a stage."""

    stage: Stage
    """connect, ehlo, tls, auth, mail (the sender), rcpt (the recipient) or data (the message)."""
    code: int | None
    """The reply code; null if the server did not answer."""
    said: str
    """The server's own text, or a description of the fault."""


class MailTestResult(Answer):
    """The result of the test mail."""

    accepted: bool
    """Whether the mail server accepted it. The servers behind it decide whether it arrives."""
    mail_server: MailServerInfo
    """How the mail was sent."""
    steps: list[MailStep]
    """The successful stages, in order."""
    refused: MailStep | None
    """The stage that failed; null for an accepted mail."""
    advice: str | None
    """What to change; null for an accepted mail."""


@router.get("/mail")
async def show_mail_queue(context: ContextDep, check: MailCheckDep, _: OperatorDep) -> MailQueueState:
    """How many mails wait, and since when a fault of the sender's side holds them."""
    queue = await context.transact(read_queue)
    return MailQueueState(
        mail_server=None if check.server is None else _info(check.server.settings),
        **queue._asdict(),
    )


@router.post("/mail-tests", response_model=MailTestResult, responses=refuses(CONFLICT, TOO_MANY_REQUESTS))
async def send_mail_test(check: MailCheckDep, who: OperatorDep, test: MailTest) -> MailTestResult | Response:
    """Sends a test mail and returns the mail server's reply at each stage. If it is accepted, held mails are retried at once.

    Answers 409 without a configured mail server. At most five a minute. A refusal by the mail server is an answer with
    `accepted: false`.
    """
    if check.server is None:
        raise ConflictError(
            "No mail server is configured: set SMTP_HOST and SMTP_FROM (docs/runbooks/mail.md) and restart."
        )
    if not check.rate.hit(""):
        detail = f"At most {CHECKS_PER_MINUTE} test mails a minute. Wait a minute, then send it again."
        return problem(TOO_MANY_REQUESTS, detail, headers={"Retry-After": "60"})
    checked = await check.send(check.server, test.to, who.name)
    refused = checked.refused
    return MailTestResult(
        accepted=refused is None,
        mail_server=_info(check.server.settings),
        steps=[_step(one.stage, one.reply) for one in checked.steps],
        refused=None if refused is None else _step(refused.stage, refused.reply),
        advice=None if refused is None else advice(refused.stage, refused.reply),
    )


def _info(settings: Settings) -> MailServerInfo:
    return MailServerInfo(
        server=f"{settings.smtp_host}:{settings.mail_port}",
        tls=settings.smtp_tls,
        login=settings.login is not None,
        greets_as=settings.helo_name,
        sender=settings.sender[1],
    )


def _step(stage: Stage, reply: Reply) -> MailStep:
    return MailStep(stage=stage, code=reply.code, said=reply.text[:SAID_CHARS_MAX])
