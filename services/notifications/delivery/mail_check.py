"""Test mails: what the mail server answered at each stage."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.notifications.delivery.message import Mail, compose
from services.notifications.delivery.pause import Pause
from services.notifications.delivery.queue import retry_held
from services.notifications.delivery.smtp import MailServer, NotAcceptedError, Step
from shared.base.ids import new_id
from shared.http.rates import PerMinute
from shared.observability.logs import logger
from shared.service.context import Context

__all__ = ["CHECKS_PER_MINUTE", "Checked", "MailCheck"]

log = logger(__name__)

CHECKS_PER_MINUTE = 5
"""A mail server may block clients after repeated failed logins."""
ANSWER_SECONDS_MAX = 120.0
"""Shorter than for a notice: a person waits for the result."""
SUBJECT = "Uji coba surel Kinerja"
TEXT = """Surel ini menguji pengiriman surel oleh Kinerja. Tidak ada yang perlu dilakukan.

Bila surel ini sampai, server surel menerima surel dari sistem ini."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The successful stages, and the refusal if there was one."""

    steps: list[Step]
    refused: NotAcceptedError | None


@dataclass
class MailCheck:
    """Sends test mails. After an accepted one, held mails are retried at once."""

    context: Context
    server: MailServer | None
    pause: Pause
    rate: PerMinute = field(default_factory=lambda: PerMinute(CHECKS_PER_MINUTE))

    async def send(self, server: MailServer, to: str, who: str) -> Checked:
        """`to` is a checked address; it is not logged."""
        sender, steps = server.settings.sender, list[Step]()
        mail = Mail(
            sender=sender,
            recipient=("", to),
            date=self.context.clock.now().astimezone(self.context.zone),
            message_id=f"<{new_id()}@{sender[1].rpartition('@')[2]}>",
            subject=SUBJECT,
            text=TEXT,
        )
        refused = None
        try:
            await server.send(sender[1], to, compose(mail), steps, answer_seconds=ANSWER_SECONDS_MAX)
        except NotAcceptedError as error:
            refused = error
        stage, status = ("", "") if refused is None else (refused.stage, refused.reply.status)
        log.info("mail_test", by=who, accepted=refused is None, stage=stage, status=status)
        if refused is None:
            self.pause.end()
            await self.context.transact(lambda s: retry_held(s, self.context.clock.now()))
        return Checked(steps, refused)
