"""The queue of waiting mails: one row per notice whose letter or correction is to be sent."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.delivery.pause import SendingOrder
from shared.db.queries import query

__all__ = [
    "LEASE",
    "DueMail",
    "Failure",
    "MailQueue",
    "TakenMail",
    "next_due",
    "postpone",
    "read_queue",
    "remove",
    "restart",
    "retry_held",
    "take",
]

LEASE = timedelta(minutes=12)
"""Longer than sending one mail (SMTP_SECONDS_MAX, ANSWER_SECONDS_MAX) and storing the result."""


class DueMail(NamedTuple):
    notice_id: UUID
    next_attempt_at: datetime
    employee_id: UUID
    """The officer that the notice is about."""


class TakenMail(NamedTuple):
    """Counters of a mail with the current attempt. `unsure`: an earlier attempt may have delivered it."""

    attempts: int
    refusals: int
    copies: int
    unsure: bool


class MailQueue(NamedTuple):
    """Numbers of the queue. `held` mails failed with a fault that the operator has to fix; others may wait behind them."""

    waiting: int
    held: int
    held_since: datetime | None
    held_by: str | None
    """Stage, code and enhanced status of the mail that has been held longest."""


class Failure(NamedTuple):
    """What the queue stores about a failed attempt."""

    next_attempt_at: datetime
    attempts: int
    refusals: int
    error: str
    """Stage, code and enhanced status."""
    unsure: bool
    """Whether this or an earlier attempt may have delivered the mail."""
    certain: int
    """1 if this attempt certainly delivered nothing, else 0."""
    held_since: datetime | None
    """When a fault occurred that the operator has to fix; None for another fault."""


NEXT_DUE_MAIL = query(
    """
    select d.notice_id, d.next_attempt_at, n.employee_id
    from delivery d join notice n using (notice_id) left join employee e on e.employee_id = n.recipient_id
    where d.next_attempt_at <= :now and d.notice_id <> all(cast(:without as uuid[]))
        and n.recipient_id <> all(cast(:waiting as uuid[]))
    order by (n.recipient_id = any(cast(:last as uuid[])))::int
            + (coalesce(lower(split_part(e.email, '@', 2)) = any(cast(:domains_last as text[])), false))::int,
        d.next_attempt_at, d.notice_id
    limit 1
    """,
    DueMail,
)
# Taking a row postpones its next attempt (a lease): another sender sees it again only if this one crashed.
TAKE_MAIL = query(
    """
    update delivery d set next_attempt_at = :lease, attempts = d.attempts + 1, sending = true, copies = d.copies + 1
    from (select sending from delivery where notice_id = :id and next_attempt_at <= :now for update) as before
    where d.notice_id = :id
    returning d.attempts, d.refusals, d.copies, before.sending as unsure
    """,
    TakenMail,
)
POSTPONE_MAIL = text(
    """
    update delivery set next_attempt_at = :next_attempt_at, attempts = :attempts, refusals = :refusals,
        last_error = :error, sending = :unsure, copies = greatest(copies - :certain, 0),
        held_since = case when cast(:held_since as timestamptz) is null then null
                                             else coalesce(held_since, :held_since) end
    where notice_id = :id
    """
)
RESTART_MAIL = text(
    "update delivery set next_attempt_at = :now, attempts = 0, refusals = 0, copies = 0, sending = false"
    " where notice_id = :id"
)
REMOVE_MAIL = text("delete from delivery where notice_id = :id")
QUEUE_NUMBERS = query(
    """
    select count(*) as waiting, count(held_since) as held, min(held_since) as held_since,
           (select last_error from delivery where held_since is not null order by held_since limit 1) as held_by
    from delivery
    """,
    MailQueue,
)
RETRY_HELD_MAILS = text(
    "update delivery set next_attempt_at = :now where held_since is not null and not sending and next_attempt_at > :now"
)


async def next_due(session: AsyncSession, now: datetime, order: SendingOrder, without: list[UUID]) -> DueMail | None:
    """The mail to send next, except for the notices `without`; None if there is none."""
    return await NEXT_DUE_MAIL.first(session, {"now": now, "without": without, **asdict(order)})


async def take(session: AsyncSession, notice_id: UUID, now: datetime) -> TakenMail | None:
    """Starts an attempt; None if the mail was removed, or another sender has it."""
    return await TAKE_MAIL.first(session, {"id": notice_id, "now": now, "lease": now + LEASE})


async def postpone(session: AsyncSession, notice_id: UUID, failure: Failure) -> None:
    """Stores a failed attempt and when the next one is due."""
    await session.execute(POSTPONE_MAIL, {"id": notice_id, **failure._asdict()})


async def restart(session: AsyncSession, notice_id: UUID, now: datetime) -> None:
    """Makes the mail due now, without earlier attempts."""
    await session.execute(RESTART_MAIL, {"id": notice_id, "now": now})


async def remove(session: AsyncSession, notice_id: UUID) -> None:
    """Removes the mail: it was sent or given up, or nobody needs it any more."""
    await session.execute(REMOVE_MAIL, {"id": notice_id})


async def read_queue(session: AsyncSession) -> MailQueue:
    """The current numbers of the queue."""
    return await QUEUE_NUMBERS.one(session)


async def retry_held(session: AsyncSession, now: datetime) -> None:
    """Makes held mails due now, because the operator has fixed the fault."""
    await session.execute(RETRY_HELD_MAILS, {"now": now})
