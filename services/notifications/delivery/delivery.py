"""Delivery: always to the inbox, and by mail if there are an address and a mail server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery.message import Mail, compose
from services.notifications.delivery.queue import Pause
from services.notifications.delivery.smtp import MailServer, NotAcceptedError
from services.notifications.grounds.rules.rule_set import mail_due
from services.notifications.notices.life_cycle import find_locked
from services.notifications.notices.upkeep import Upkeep
from shared.access.links import INBOX
from shared.base.email_address import checked_address
from shared.db.set_aside import Batches
from shared.errors.errors import GoneError
from shared.observability.logs import logger
from shared.service.context import Context

__all__ = ["RUNBOOK", "Sender"]

log = logger(__name__)

AT_A_TIME = 20
LEASE = timedelta(
    minutes=12
)  # longer than sending one mail (SMTP_SECONDS_MAX, ANSWER_SECONDS_MAX) and storing the result
RETRY_FIRST, RETRY_MOST = timedelta(seconds=30), timedelta(hours=6)
REFUSALS_MAX = 20
"""About three days of attempts for a recipient's mailbox; then the notice stays in the inbox only."""
COPIES_MAX = 5
RETRY_COPY = timedelta(minutes=15)
"""A mail whose answer is missing may have arrived: five attempts within about four hours, then the inbox only."""
RUNBOOK = "docs/runbooks/mail.md"

# Taking a row postpones its next attempt (a lease): another sender sees it again only if this one crashed.
_TAKE = text(
    """
    update delivery d set next_attempt_at = :lease, attempts = d.attempts + 1, sending = true, copies = d.copies + 1
    from (select sending from delivery where notice_id = :id and next_attempt_at <= :now for update) as before
    where d.notice_id = :id
    returning d.attempts, d.refusals, d.copies, before.sending as unsure
    """
)
_NOTICE = text(
    "select n.*, e.email, e.name as recipient_name"
    " from notice n left join employee e on e.employee_id = n.recipient_id where n.notice_id = :id"
)
_DONE = text("delete from delivery where notice_id = :id")
_AGAIN = text(
    """
    update delivery set next_attempt_at = :at, attempts = :attempts, refusals = :refusals, last_error = :error,
        sending = :unsure, copies = greatest(copies - :certain, 0),
        held_since = case when cast(:held as timestamptz) is null then null
                                             else coalesce(held_since, :held) end
    where notice_id = :id
    """
)
_NOW = text(
    "update delivery set next_attempt_at = :now, attempts = 0, refusals = 0, copies = 0, sending = false"
    " where notice_id = :id"
)
_MAILED = text("update notice set mailed_at = :now where notice_id = :id")


@dataclass(frozen=True, slots=True)
class _Job:
    """One mail, as it was when taken. `mail` is None if only the inbox is possible, for the reason `failure`.

    `unsure`: an attempt, or an earlier one, may have delivered it.
    """

    notice: RowMapping
    what: Literal["letter", "correction"]
    due_at: datetime
    attempts: int
    refusals: int
    unsure: bool
    mail: Mail | None = None
    message: bytes = b""
    failure: str | None = None


class Sender:
    """Sends due mails. A crash between sending and committing may send a mail twice, with the same Message-ID."""

    def __init__(self, context: Context, server: MailServer | None, upkeep: Upkeep) -> None:
        self._context = context
        self._server = server
        self._upkeep = upkeep
        self.pause = Pause()
        self._mails: Batches[UUID] = Batches("delivery", 1, context.metrics)
        # Rises while mails are not accepted; the notices are still in the inbox.
        self._failed = Counter(
            "kinerja_deliveries_failed_total",
            "Mails not accepted: held (by a fault that the operator has to fix), again (retried) or inbox_only (given up)",
            ["outcome"],
            registry=context.metrics.registry,
        )

    async def round(self) -> bool:
        """One round; True when there may be more. Each mail is checked just before it is sent, not before the round."""
        for _ in range(AT_A_TIME):
            if not await self._mails.run(self._next):
                return False
        return True

    async def _next(self) -> bool:
        """Sends the next due mail; False if there is none."""
        now = self._context.clock.now()
        if self.pause.holds(now):
            return False
        async with self._context.database.transaction() as session:
            due = await self.pause.next_due(session, now, self._mails.without)
            if due is None:
                return False
            self._mails.took([due.notice_id])
            job = await self._take(session, due, now)
        if job is not None:
            await self._deliver(job)
        return True

    async def _take(self, session: AsyncSession, due: Any, now: datetime) -> _Job | None:
        """The mail to send. First updates the notice to the current records, which may rewrite or cancel the mail."""
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
        job = _Job(notice, what, due.next_attempt_at, taken.attempts, taken.refusals, taken.unsure)
        if taken.copies > COPIES_MAX:
            log.warning("mail_unconfirmed", notice_id=str(due.notice_id), attempts=COPIES_MAX, cause=RUNBOOK)
            return replace(job, failure="EMAIL_UNCONFIRMED")
        return await self._addressed(session, job)

    async def _addressed(self, session: AsyncSession, job: _Job) -> _Job:
        """The job with its mail, or with the reason why there is none.

        Checks the address again: another or older producer may have published an invalid one.
        """
        email = job.notice["email"]
        if self._server is None or not email:
            return replace(job, failure="NO_EMAIL")
        try:
            address = checked_address(email)
        except ValueError:
            log.warning("address_unusable", employee_id=str(job.notice["recipient_id"]), cause=RUNBOOK)
            return replace(job, failure="EMAIL_UNUSABLE")
        link = await self._link(session, job.notice)
        mail = self._mail(job, self._server.settings.sender, address, link)
        return replace(job, mail=mail, message=compose(mail))

    def _mail(self, job: _Job, sender: tuple[str, str], address: str, link: str) -> Mail:
        notice, domain = job.notice, sender[1].rpartition("@")[2]
        original = f"<{notice['notice_id']}@{domain}>"
        letter = job.what == "letter"
        return Mail(
            sender=sender,
            recipient=(notice["recipient_name"] or "", address),
            date=self._context.clock.now().astimezone(self._context.zone),
            message_id=original if letter else f"<{notice['notice_id']}.withdrawn@{domain}>",
            subject=notice["subject"] if letter else f"Ditarik: {notice['subject']}",
            text=notice["body"] if letter else notice["withdrawal"],
            link=link,
            answers=None if letter else original,
        )

    async def _link(self, session: AsyncSession, notice: RowMapping) -> str:
        links, recipient = self._context.links, notice["recipient_id"]
        try:
            return (await links.issue(session, INBOX, recipient, source="mail", origin=notice["notice_id"])).url
        except GoneError:  # the link of an earlier attempt was revoked
            return (await links.issue(session, INBOX, recipient, source="mail")).url

    async def _deliver(self, job: _Job) -> None:
        failure = job.failure
        if job.mail is not None and self._server is not None:
            try:
                await self._server.send(job.mail.sender[1], job.mail.recipient[1], job.message)
            except NotAcceptedError as refused:
                job = replace(job, unsure=job.unsure or refused.may_be_accepted)
                failure = await self._refused(job, refused)
                if failure is None:
                    return
            else:
                self.pause.answered(job.notice["recipient_id"])
        elif failure in ("EMAIL_UNUSABLE", "EMAIL_UNCONFIRMED"):
            self._failed.labels("inbox_only").inc()
        await self._context.transact(lambda s: self._conclude(s, job, failure))

    async def _refused(self, job: _Job, refused: NotAcceptedError) -> str | None:
        """The reason why this mail is given up; None if it is retried."""
        blame, refusals = refused.blame, job.refusals
        if blame == "recipient_for_now":
            refusals += 1
        failure = "EMAIL_REFUSED" if blame == "recipient" else None
        if refusals >= REFUSALS_MAX:
            failure = "EMAIL_NOT_ACCEPTED"
        outcome = "inbox_only" if failure else "held" if blame == "operator" else "again"
        self._failed.labels(outcome).inc()
        log.warning(
            "mail_not_accepted", notice_id=str(job.notice["notice_id"]), outcome=outcome, stage=refused.stage,
            status=refused.reply.status, cause=RUNBOOK,
        )  # fmt: skip
        if failure is None:
            await self._put_off(job, refused, refusals)
        if not (refused.holds_all or refused.broken_off):
            self.pause.answered(job.notice["recipient_id"])
        return failure

    async def _put_off(self, job: _Job, refused: NotAcceptedError, refusals: int) -> None:
        """After a fault that affects every mail, this one keeps its place in the order; after any other it is postponed."""
        now = self._context.clock.now()
        if refused.holds_all:
            self.pause.extend(now)
            at, attempts = job.due_at, job.attempts - 1
        else:
            first = RETRY_COPY if refused.may_be_accepted else RETRY_FIRST
            at, attempts = now + min(first * 2 ** min(job.attempts - 1, 10), RETRY_MOST), job.attempts
        if refused.broken_off and job.mail is not None:
            until = at if refused.stage == "rcpt" else now  # at DATA the message may be the cause: others are tried
            self.pause.broken_off(job.notice["recipient_id"], job.mail.recipient[1], now, until)
        values = {
            "id": job.notice["notice_id"],
            "at": at,
            "attempts": attempts,
            "refusals": refusals,
            "error": f"{refused.stage} {refused.reply.status}".strip(),
            "unsure": job.unsure,
            "certain": 0 if refused.may_be_accepted else 1,
            "held": now if refused.blame == "operator" else None,
        }
        await self._context.transact(lambda s: s.execute(_AGAIN, values))

    async def _conclude(self, session: AsyncSession, job: _Job, failure: str | None) -> None:
        identifier, now = job.notice["notice_id"], self._context.clock.now()
        notice = await find_locked(session, identifier)
        if job.what == "letter" and (failure is None or job.unsure):  # whoever may have it gets a correction
            await session.execute(_MAILED, {"id": identifier, "now": now})
            if notice["state"] == "withdrawn":  # withdrawn while it was being sent
                await session.execute(_NOW, {"id": identifier, "now": now})
                return
        await session.execute(_DONE, {"id": identifier})
        if notice["state"] != "released":  # a correction, or already acknowledged in the inbox
            return
        if failure is None:
            await self._upkeep.notices.change(session, notice, "delivered", delivered_at=now)
        else:
            await self._upkeep.notices.end(session, notice, "delivered", failure, delivered_at=now)
