"""Delivery: by mail where there is an address and a mail server, and always into the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Literal
from uuid import UUID

import aiosmtplib
from prometheus_client import Counter
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.rules import mail_due
from services.notifications.notices import find_locked
from services.notifications.settings import Settings
from services.notifications.upkeep import Upkeep
from shared.context import Context
from shared.errors import GoneError
from shared.links import INBOX, Link
from shared.logs import logger
from shared.set_aside import Batches

__all__ = ["Sender", "is_final"]

log = logger(__name__)

AT_A_TIME = 20
LEASE = timedelta(minutes=2)  # longer than one mail can take, and the database after it
RETRY_FIRST, RETRY_MOST = timedelta(seconds=30), timedelta(hours=6)
ATTEMPTS_MAX = 20
"""About three days of attempts; then the inbox has to do."""
SMTP_SECONDS_MAX = 20.0

_DUE = text(
    """
    select d.notice_id, n.employee_id from delivery d join notice n using (notice_id)
    where d.next_attempt_at <= :now and d.notice_id <> all(cast(:without as uuid[]))
    order by d.next_attempt_at, d.notice_id limit 1
    """
)
# Taking a row moves its next attempt away: another sender sees it again only when this one was lost.
_TAKE = text(
    """
    update delivery d set next_attempt_at = :lease, attempts = d.attempts + 1, sending = true
    from (select sending from delivery where notice_id = :id and next_attempt_at <= :now for update) as before
    where d.notice_id = :id
    returning d.attempts, before.sending as unsure
    """
)
_NOTICE = text(
    "select n.*, e.email from notice n left join employee e on e.employee_id = n.recipient_id where n.notice_id = :id"
)
_DONE = text("delete from delivery where notice_id = :id")
_AGAIN = text("update delivery set next_attempt_at = :at, last_error = :error, sending = false where notice_id = :id")
_NOW = text("update delivery set next_attempt_at = :now, attempts = 0, sending = false where notice_id = :id")
_MAILED = text("update notice set mailed_at = :now where notice_id = :id")


@dataclass(frozen=True, slots=True)
class _Job:
    """One mail, as it was when it was taken."""

    notice: RowMapping
    what: Literal["letter", "correction"]
    attempts: int
    inbox: Link | None


class Sender:
    """Sends what is due; a crash between sending and marking may send a mail twice, with the same Message-ID."""

    def __init__(self, context: Context, settings: Settings, upkeep: Upkeep) -> None:
        self._context = context
        self._settings = settings
        self._upkeep = upkeep
        self._mails: Batches[UUID] = Batches("delivery", 1, context.metrics)
        # Rises while the mail server refuses or is away; the notices stay in the inbox meanwhile.
        self._failed = Counter(
            "kinerja_deliveries_failed_total",
            "Mails not accepted, by whether they will be tried again",
            ["outcome"],
            registry=context.metrics.registry,
        )

    async def round(self) -> bool:
        """One round; True when there may be more. Each mail is looked at just before it is sent, not before the round."""
        for _ in range(AT_A_TIME):
            if not await self._mails.run(self._next):
                return False
        return True

    async def _next(self) -> bool:
        """Sends the next mail that is due; False when none is."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as session:
            due = (await session.execute(_DUE, {"now": now, "without": self._mails.without})).first()
            if due is None:
                return False
            self._mails.took([due.notice_id])
            job = await self._take(session, due, now)
        if job is not None:
            await self._deliver(job)
        return True

    async def _take(self, session: AsyncSession, due: Any, now: datetime) -> _Job | None:
        """The mail to send. What the records have overtaken since it was queued is written anew or not sent at all."""
        await self._upkeep.follow(session, {due.employee_id})
        key = {"id": due.notice_id}
        taken = (await session.execute(_TAKE, key | {"now": now, "lease": now + LEASE})).first()
        if taken is None:  # withdrawn just now, or another sender has it
            return None
        notice = (await session.execute(_NOTICE, key)).mappings().one()
        what = mail_due(notice["state"], mailed=notice["mailed_at"] is not None, unsure=taken.unsure)
        if what is None:
            await session.execute(_DONE, key)
            return None
        return _Job(notice, what, taken.attempts, await self._link(session, notice))

    async def _link(self, session: AsyncSession, notice: RowMapping) -> Link | None:
        if not self._has_mail(notice):
            return None
        links, recipient = self._context.links, notice["recipient_id"]
        try:
            return await links.issue(session, INBOX, recipient, source="mail", origin=notice["notice_id"])
        except GoneError:  # the link of an earlier attempt was revoked
            return await links.issue(session, INBOX, recipient, source="mail")

    def _has_mail(self, notice: RowMapping) -> bool:
        return self._settings.smtp_host is not None and bool(notice["email"])

    async def _deliver(self, job: _Job) -> None:
        failure = None
        if job.inbox is None:
            failure = "NO_EMAIL"
        else:
            try:
                await self._send(job, job.inbox)
            except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
                failure = "EMAIL_REFUSED" if is_final(error) else "EMAIL_NOT_ACCEPTED"
                again = failure == "EMAIL_NOT_ACCEPTED" and job.attempts < ATTEMPTS_MAX
                self._failed.labels("again" if again else "inbox_only").inc()
                log.warning(
                    "mail_not_accepted", notice_id=str(job.notice["notice_id"]), error=type(error).__name__, again=again
                )
                if again:
                    await self._put_off(job, type(error).__name__)
                    return
        await self._context.transact(lambda s: self._conclude(s, job, failure))

    async def _put_off(self, job: _Job, error: str) -> None:
        pause = min(RETRY_FIRST * 2 ** min(job.attempts - 1, 10), RETRY_MOST)
        values = {"id": job.notice["notice_id"], "at": self._context.clock.now() + pause, "error": error}
        await self._context.transact(lambda s: s.execute(_AGAIN, values))

    async def _conclude(self, session: AsyncSession, job: _Job, failure: str | None) -> None:
        identifier, now = job.notice["notice_id"], self._context.clock.now()
        notice = await find_locked(session, identifier)
        if job.what == "letter" and failure is None:
            await session.execute(_MAILED, {"id": identifier, "now": now})
            if notice["state"] == "withdrawn":  # while it was being sent
                await session.execute(_NOW, {"id": identifier, "now": now})
                return
        await session.execute(_DONE, {"id": identifier})
        if notice["state"] != "released":  # a correction, or acknowledged in the inbox meanwhile
            return
        if failure is None:
            await self._upkeep.notices.change(session, notice, "delivered", delivered_at=now)
        else:
            await self._upkeep.notices.end(session, notice, "delivered", failure, delivered_at=now)

    async def _send(self, job: _Job, inbox: Link) -> None:
        settings, notice = self._settings, job.notice
        original = f"<{notice['notice_id']}@kinerja>"
        message = EmailMessage()
        message["From"] = settings.smtp_from
        message["To"] = notice["email"]
        if job.what == "letter":
            message["Subject"], words = notice["subject"], notice["body"]
            message["Message-ID"] = original
        else:
            message["Subject"], words = f"Ditarik: {notice['subject']}", notice["withdrawal"]
            message["Message-ID"] = f"<{notice['notice_id']}.withdrawn@kinerja>"
            message["In-Reply-To"] = message["References"] = original
        message.set_content(f"{words}\nKotak surat Anda: {inbox.url}\n")
        password = settings.smtp_password
        await aiosmtplib.send(
            message,
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            start_tls=settings.smtp_starttls,
            timeout=SMTP_SECONDS_MAX,
        )


def is_final(error: Exception) -> bool:
    """Whether no later attempt can succeed: this address or this message is refused, or cannot be written at all.

    A refused login or sender (also 5xx) is the operator's to mend, so those mails wait.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(500 <= refused.code < 600 for refused in error.recipients)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        return 500 <= error.code < 600
    return isinstance(error, ValueError)
