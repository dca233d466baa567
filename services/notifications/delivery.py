"""Delivery: by mail where there is an address and a mail server, and always into the inbox."""

from __future__ import annotations

import json
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import aiosmtplib
from prometheus_client import Counter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.notices import change
from services.notifications.settings import Settings
from shared.context import Context
from shared.logs import logger

__all__ = ["Sender", "is_final"]

log = logger(__name__)

AT_A_TIME = 5
LEASE = timedelta(minutes=5)  # longer than a round can take: AT_A_TIME x SMTP_SECONDS_MAX
RETRY_FIRST, RETRY_MOST = timedelta(seconds=30), timedelta(hours=6)
ATTEMPTS_MAX = 20
"""About three days of attempts; then the inbox has to do."""
SMTP_SECONDS_MAX = 20.0

# Taking a row moves its next attempt away: another sender sees it again only when this one was lost.
_TAKE = text(
    """
    update delivery d set next_attempt_at = :lease, attempts = attempts + 1
    from (select notice_id from delivery where next_attempt_at <= :now
          order by next_attempt_at limit :most for update skip locked) as c
    where d.notice_id = c.notice_id
    returning d.notice_id, d.attempts
    """
)
_NOTICE = text(
    """
    select n.*, e.email, e.name from notice n left join employee e on e.employee_id = n.recipient_id
    where n.notice_id = any(cast(:ids as uuid[])) order by n.notice_id
    """
)
_DONE = text("delete from delivery where notice_id = :id")
_AGAIN = text("update delivery set next_attempt_at = :at, last_error = :error where notice_id = :id")


class Sender:
    """Sends what is due; a crash between sending and marking may send a mail twice, with the same Message-ID."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        self._settings = settings
        # Rises while the mail server refuses or is away; the notices stay in the inbox meanwhile.
        self._failed = Counter(
            "kinerja_deliveries_failed_total",
            "Mails not accepted, by whether they will be tried again",
            ["outcome"],
            registry=context.metrics.registry,
        )

    async def round(self) -> bool:
        """One round; True when there may be more."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as session:
            taken = (await session.execute(_TAKE, {"now": now, "lease": now + LEASE, "most": AT_A_TIME})).all()
            ids = [row.notice_id for row in taken]
            rows = (await session.execute(_NOTICE, {"ids": ids})).mappings().all() if ids else []
        attempts = {row.notice_id: row.attempts for row in taken}
        for row in rows:
            await self._deliver(row, attempts[row["notice_id"]])
        return len(taken) == AT_A_TIME

    async def _deliver(self, row: Any, attempts: int) -> None:
        failure = None
        if self._settings.smtp_host is None or not row["email"]:
            failure = "NO_EMAIL"
        else:
            try:
                await self._send(row)
            except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
                failure = "EMAIL_REFUSED" if is_final(error) else "EMAIL_NOT_ACCEPTED"
                again = failure == "EMAIL_NOT_ACCEPTED" and attempts < ATTEMPTS_MAX
                self._failed.labels("again" if again else "inbox_only").inc()
                log.warning(
                    "mail_not_accepted", notice_id=str(row["notice_id"]), error=type(error).__name__, again=again
                )
                if again:
                    await self._put_off(row, attempts, type(error).__name__)
                    return
        reasons = None if failure is None else json.dumps([*json.loads(row["reasons"]), failure])
        await self._context.transact(lambda s: self._delivered(s, row, reasons))

    async def _put_off(self, row: Any, attempts: int, error: str) -> None:
        pause = min(RETRY_FIRST * 2 ** min(attempts - 1, 10), RETRY_MOST)
        values = {"id": row["notice_id"], "at": self._context.clock.now() + pause, "error": error}
        await self._context.transact(lambda s: s.execute(_AGAIN, values))

    async def _delivered(self, session: AsyncSession, row: Any, reasons: str | None) -> None:
        await session.execute(_DONE, {"id": row["notice_id"]})
        state = (
            await session.execute(
                text("select state from notice where notice_id = :id for update"), {"id": row["notice_id"]}
            )
        ).scalar_one()
        if state == "released":  # not acknowledged in the inbox meanwhile
            now = self._context.clock.now()
            await change(self._context, session, row["notice_id"], "delivered", delivered_at=now, reasons=reasons)

    async def _send(self, row: Any) -> None:
        settings = self._settings
        message = EmailMessage()
        message["From"] = settings.smtp_from
        message["To"] = row["email"]
        message["Subject"] = row["subject"]
        message["Message-ID"] = f"<{row['notice_id']}@kinerja>"
        inbox = self._context.links.inbox(row["recipient_id"])
        message.set_content(f"{row['body']}\nKotak surat Anda: {inbox}\n")
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
