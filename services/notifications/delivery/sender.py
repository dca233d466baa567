"""Delivery: always to the inbox, and by mail if there are an address and a mail server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery import queue
from services.notifications.delivery.message import Mail, compose
from services.notifications.delivery.pause import Pause
from services.notifications.delivery.queue import DueMail
from services.notifications.delivery.rules.retries import COPIES_MAX, given_up, retry_after
from services.notifications.delivery.smtp import MailServer, NotAcceptedError
from services.notifications.grounds.rules.rule_set import mail_due
from services.notifications.grounds.tables import Employee
from services.notifications.notices.queries import NOTICE_COLUMNS, NoticeRow, notice_for_update
from services.notifications.notices.rules.states import next_state
from services.notifications.notices.upkeep import Upkeep
from shared.access.links import INBOX
from shared.base.email_address import checked_address
from shared.db.queries import query
from shared.db.set_aside import Batches
from shared.errors.errors import GoneError
from shared.observability.logs import logger
from shared.service.context import Context

__all__ = ["RUNBOOK", "Sender"]

log = logger(__name__)

AT_A_TIME = 20
RUNBOOK = "docs/runbooks/mail.md"

NOTICE_AS_IT_IS = query(f"select {NOTICE_COLUMNS} from notice n where notice_id = :id", NoticeRow)
SET_MAILED = text("update notice set mailed_at = :now where notice_id = :id")


@dataclass(frozen=True, slots=True)
class _Job:
    """One mail, as it was when taken. `mail` is None if only the inbox is possible, for the reason `failure`.

    `unsure`: an attempt, or an earlier one, may have delivered it.
    """

    notice: NoticeRow
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
        if self.pause.is_active(now):
            return False
        async with self._context.database.transaction() as session:
            due = await queue.next_due(session, now, self.pause.order(now), self._mails.without)
            if due is None:
                return False
            self._mails.took([due.notice_id])
            job = await self._take(session, due, now)
        if job is not None:
            await self._deliver(job)
        return True

    async def _take(self, session: AsyncSession, due: DueMail, now: datetime) -> _Job | None:
        """The mail to send. First updates the notice to the current records, which may rewrite or cancel the mail."""
        await self._upkeep.follow(session, {due.employee_id})
        taken = await queue.take(session, due.notice_id, now)
        if taken is None:  # withdrawn just now, or another sender has it
            return None
        notice = await NOTICE_AS_IT_IS.one(session, {"id": due.notice_id})
        what = mail_due(notice.state, mailed=notice.mailed_at is not None, unsure=taken.unsure)
        if what is None:
            await queue.remove(session, due.notice_id)
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
        recipient = await session.get(Employee, job.notice.recipient_id)
        if self._server is None or recipient is None or not recipient.email:
            return replace(job, failure="NO_EMAIL")
        try:
            address = checked_address(recipient.email)
        except ValueError:
            log.warning("address_unusable", employee_id=str(recipient.employee_id), cause=RUNBOOK)
            return replace(job, failure="EMAIL_UNUSABLE")
        link = await self._link(session, job.notice)
        mail = self._mail(job, self._server.settings.sender, (recipient.name, address), link)
        return replace(job, mail=mail, message=compose(mail))

    def _mail(self, job: _Job, sender: tuple[str, str], recipient: tuple[str, str], link: str) -> Mail:
        notice, domain = job.notice, sender[1].rpartition("@")[2]
        original = f"<{notice.notice_id}@{domain}>"
        letter = job.what == "letter"
        return Mail(
            sender=sender,
            recipient=recipient,
            date=self._context.clock.now().astimezone(self._context.zone),
            message_id=original if letter else f"<{notice.notice_id}.withdrawn@{domain}>",
            subject=notice.subject if letter else f"Ditarik: {notice.subject}",
            text=notice.body if letter else notice.withdrawal or "",
            link=link,
            answers=None if letter else original,
        )

    async def _link(self, session: AsyncSession, notice: NoticeRow) -> str:
        links, recipient = self._context.links, notice.recipient_id
        try:
            return (await links.issue(session, INBOX, recipient, source="mail", origin=notice.notice_id)).url
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
                self.pause.answered(job.notice.recipient_id)
        elif failure in ("EMAIL_UNUSABLE", "EMAIL_UNCONFIRMED"):
            self._failed.labels("inbox_only").inc()
        await self._context.transact(lambda s: self._conclude(s, job, failure))

    async def _refused(self, job: _Job, refused: NotAcceptedError) -> str | None:
        """The reason why this mail is given up; None if it is retried."""
        refusals = job.refusals + (refused.blame == "recipient_for_now")
        failure = given_up(refused.blame, refusals)
        outcome = "inbox_only" if failure else "held" if refused.blame == "operator" else "again"
        self._failed.labels(outcome).inc()
        log.warning(
            "mail_not_accepted", notice_id=str(job.notice.notice_id), outcome=outcome, stage=refused.stage,
            status=refused.reply.status, cause=RUNBOOK,
        )  # fmt: skip
        if failure is None:
            await self._put_off(job, refused, refusals)
        if not (refused.holds_all or refused.broken_off):
            self.pause.answered(job.notice.recipient_id)
        return failure

    async def _put_off(self, job: _Job, refused: NotAcceptedError, refusals: int) -> None:
        """After a fault that affects every mail, this one keeps its place in the order; after any other it is postponed."""
        now = self._context.clock.now()
        if refused.holds_all:
            self.pause.extend(now)
            at, attempts = job.due_at, job.attempts - 1
        else:
            at, attempts = now + retry_after(job.attempts, may_be_accepted=refused.may_be_accepted), job.attempts
        if refused.broken_off and job.mail is not None:
            until = at if refused.stage == "rcpt" else now  # at DATA the message may be the cause: others are tried
            self.pause.broken_off(job.notice.recipient_id, job.mail.recipient[1], now, until)
        stored = queue.Failure(
            next_attempt_at=at,
            attempts=attempts,
            refusals=refusals,
            error=f"{refused.stage} {refused.reply.status}".strip(),
            unsure=job.unsure,
            certain=0 if refused.may_be_accepted else 1,
            held_since=now if refused.blame == "operator" else None,
        )
        await self._context.transact(lambda s: queue.postpone(s, job.notice.notice_id, stored))

    async def _conclude(self, session: AsyncSession, job: _Job, failure: str | None) -> None:
        """Removes the mail from the queue, and sets its notice to delivered."""
        identifier, now = job.notice.notice_id, self._context.clock.now()
        notice = await notice_for_update(session, identifier)
        if job.what == "letter" and (failure is None or job.unsure):  # whoever may have it gets a correction
            await session.execute(SET_MAILED, {"id": identifier, "now": now})
            if notice.state == "withdrawn":  # withdrawn while it was being sent
                await queue.restart(session, identifier, now)
                return
        await queue.remove(session, identifier)
        if next_state(notice.kind, notice.state, "deliver") is not None:  # no correction, nor acknowledged in the inbox
            await self._upkeep.notices.change(session, notice, "deliver", failure, delivered_at=now)
