"""Queries of notices, and the locks that order their changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.notices.rules.deadlines import is_in_inbox
from shared.contracts.events.notice import NoticeKind, NoticeState
from shared.db.queries import query
from shared.errors.errors import NotFoundError

__all__ = [
    "LISTED_NOTICES",
    "LIVE_NOTICES",
    "NOTICE_COLUMNS",
    "NOTICE_PAGE",
    "NO_SUCH_NOTICE",
    "OFFICERS_NAMING_SUPERIOR",
    "OFFICER_OF_NOTICE",
    "OLD_DRAFTS",
    "OVERDUE_ALERTS",
    "OVERDUE_OFFICERS",
    "READABLE_NOTICE",
    "STANDING_ALERTS",
    "WITHDRAWN_STEPS",
    "NoticeRow",
    "inbox_of",
    "lock_officers",
    "notice_for_update",
]

INBOX_NOTICES_MAX = 200
NO_SUCH_NOTICE = "There is no such notice. List them with GET /notices/v1/notices."


class NoticeRow(NamedTuple):
    """A row of the table `notice`."""

    notice_id: UUID
    revision: int
    kind: NoticeKind
    employee_id: UUID
    recipient_id: UUID
    semester: str | None
    indicator: str
    period: str
    state: NoticeState
    reasons: str
    evidence: str
    subject: str
    body: str
    created_at: datetime
    decided_by: str | None
    released_at: datetime | None
    mailed_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    object_until: datetime | None
    withdrawn_at: datetime | None
    withdrawal: str | None
    gone_revision: int | None

    @property
    def codes(self) -> list[str]:
        """The codes of why it was created and why its state changed."""
        codes: list[str] = json.loads(self.reasons)
        return codes

    @property
    def facts(self) -> dict[str, Any]:
        """The facts that the letter states."""
        facts: dict[str, Any] = json.loads(self.evidence)
        return facts


class Officer(NamedTuple):
    employee_id: UUID


class WithdrawnStep(NamedTuple):
    """The newest revision of a discipline record that caused the withdrawal of a step's notices."""

    employee_id: UUID
    kind: NoticeKind
    period: str
    revision: int | None


class StandingAlert(NamedTuple):
    employee_id: UUID
    period: str
    recipient_id: UUID


NOTICE_COLUMNS = ", ".join(f"n.{name}" for name in NoticeRow._fields)
"""The columns of a `notice n`, in the order of NoticeRow."""
# A superior reads notices about direct subordinates; a key with `notices:read` reads the notices of its units.
_READABLE = """(
    (cast(:reads as boolean)
     and reaches_unit_v1(:units, e.org_unit_id))
    or e.superior_id = cast(:superior as uuid)
)"""
_OVERDUE = "n.kind = 'discipline_alert' and n.state = any(:states) and n.released_at <= :before"

NOTICE_FOR_UPDATE = query(f"select {NOTICE_COLUMNS} from notice n where notice_id = :id for update", NoticeRow)
NOTICE_PAGE = query(
    f"select {NOTICE_COLUMNS} from notice n where notice_id > :after order by notice_id limit :most", NoticeRow
)
OFFICER_OF_NOTICE = query("select employee_id from notice where notice_id = :id", Officer)
LISTED_NOTICES = query(
    f"""
    select {NOTICE_COLUMNS} from notice n left join employee e using (employee_id)
    where notice_id > :after and (cast(:state as text) is null or state = :state)
      and (cast(:kind as text) is null or kind = :kind)
      and (cast(:employee as uuid) is null or n.employee_id = :employee)
      and {_READABLE}
    order by notice_id limit :most
    """,
    NoticeRow,
)
READABLE_NOTICE = query(
    f"""
    select {NOTICE_COLUMNS} from notice n left join employee e using (employee_id)
    where notice_id = :id and {_READABLE}
    """,
    NoticeRow,
)
INBOX_NOTICES = query(
    f"""
    select {NOTICE_COLUMNS} from notice n where recipient_id = :recipient and released_at is not null
    order by notice_id desc
    """,
    NoticeRow,
)
LIVE_NOTICES = query(
    f"""
    select {NOTICE_COLUMNS} from notice n
    where employee_id = any(cast(:employees as uuid[])) and state = any(:states)
    order by notice_id for update
    """,
    NoticeRow,
)
WITHDRAWN_STEPS = query(
    """
    select employee_id, kind, period, max(gone_revision) as revision from notice
    where employee_id = any(cast(:employees as uuid[])) and state = 'withdrawn' and kind = any(:kinds)
    group by employee_id, kind, period
    """,
    WithdrawnStep,
)
OFFICERS_NAMING_SUPERIOR = query(
    """
    select distinct n.employee_id from notice n join employee e using (employee_id)
    where e.superior_id = any(cast(:employees as uuid[])) and n.state = any(:states)
    """,
    Officer,
)
OLD_DRAFTS = query(
    f"""
    select {NOTICE_COLUMNS} from notice n
    where state = any(:states) and created_at <= :before and notice_id <> all(cast(:without as uuid[]))
    order by notice_id limit :most for update skip locked
    """,
    NoticeRow,
)
OVERDUE_OFFICERS = query(
    f"""
    select distinct n.employee_id from notice n
    where {_OVERDUE} and n.employee_id > :after and n.employee_id <> all(cast(:without as uuid[]))
    order by n.employee_id limit :most
    """,
    Officer,
)
OVERDUE_ALERTS = query(
    f"""
    select {NOTICE_COLUMNS} from notice n
    where {_OVERDUE} and n.employee_id = any(cast(:employees as uuid[])) order by n.notice_id
    """,
    NoticeRow,
)
STANDING_ALERTS = query(
    """
    select employee_id, period, recipient_id from notice
    where kind = 'discipline_alert' and state <> 'withdrawn' and employee_id = any(cast(:employees as uuid[]))
    """,
    StandingAlert,
)
LOCK_OFFICERS = text(
    "select pg_advisory_xact_lock(hashtextextended('notices/' || employee_id, 0))"
    " from unnest(cast(:employees as text[])) as employee_id"
)


async def lock_officers(session: AsyncSession, employees: Sequence[UUID]) -> None:
    """Prevents other transactions from creating, updating or releasing notices of these officers until this one ends.

    A transaction must take this lock before any lock on notices, for all its officers at once, to avoid deadlocks.
    """
    await session.execute(LOCK_OFFICERS, {"employees": sorted({str(one) for one in employees})})


async def notice_for_update(session: AsyncSession, notice_id: UUID) -> NoticeRow:
    """The notice, locked until the end of the transaction. Raises NotFoundError."""
    row = await NOTICE_FOR_UPDATE.first(session, {"id": notice_id})
    if row is None:
        raise NotFoundError(NO_SUCH_NOTICE)
    return row


async def inbox_of(session: AsyncSession, recipient: UUID) -> list[NoticeRow]:
    """The newest notices in a recipient's inbox, newest first, including withdrawn ones."""
    shown: list[NoticeRow] = []
    async for row in INBOX_NOTICES.stream(session, {"recipient": recipient}, rows_at_a_time=INBOX_NOTICES_MAX):
        if is_in_inbox(row.kind, row.state, received=row.mailed_at is not None or row.delivered_at is not None):
            shown.append(row)
        if len(shown) == INBOX_NOTICES_MAX:
            break
    return shown
