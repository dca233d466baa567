"""A notice's life: draft, released or withheld, delivered, acknowledged; each step a revision that is published."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.rules import object_until
from shared.auth import Principal
from shared.context import Context
from shared.contracts.notice import NoticeRecord
from shared.contracts.topics import NOTICE
from shared.errors import ConflictError, ForbiddenError, NotFoundError

__all__ = ["acknowledge", "change", "decide", "publish", "queue_delivery", "republish"]

AT_A_TIME = 500

_LOCKED = text(
    """
    select n.*, e.superior_id from notice n left join employee e on e.employee_id = n.employee_id
    where notice_id = :id for update of n
    """
)
_CHANGE = text(
    """
    update notice set revision = revision + 1, state = :state, decided_by = coalesce(:decided_by, decided_by),
        delivered_at = coalesce(:delivered_at, delivered_at),
        acknowledged_at = coalesce(:acknowledged_at, acknowledged_at),
        object_until = coalesce(:object_until, object_until), reasons = coalesce(:reasons, reasons)
    where notice_id = :id returning *
    """
)
_NEXT = text("select * from notice where notice_id > :after order by notice_id limit :most")


def _record(row: RowMapping, now: datetime) -> NoticeRecord:
    return NoticeRecord.model_validate(
        {
            "revision": row["revision"],
            "recorded_at": now,
            "notice_id": row["notice_id"],
            "kind": row["kind"],
            "employee_id": row["employee_id"],
            "semester": row["semester"],
            "indicator": row["indicator"] or None,
            "state": row["state"],
            "reasons": json.loads(row["reasons"]),
            "object_until": row["object_until"],
        }
    )


async def publish(context: Context, session: AsyncSession, row: RowMapping) -> None:
    """Adds the notice's present state to the outbox."""
    await context.outbox.add(session, NOTICE, [_record(row, context.clock.now())])


async def queue_delivery(session: AsyncSession, notice_id: UUID, now: datetime) -> None:
    """Lets the sender take the notice."""
    await session.execute(
        text(
            "insert into delivery (notice_id, next_attempt_at, attempts) values (:id, :now, 0) on conflict do nothing"
        ),
        {"id": notice_id, "now": now},
    )


async def change(context: Context, session: AsyncSession, notice_id: UUID, state: str, **fields: Any) -> RowMapping:
    """Moves a notice to a state, as the next revision, and publishes it."""
    names = ("decided_by", "delivered_at", "acknowledged_at", "object_until", "reasons")
    values = {"id": notice_id, "state": state, **{name: fields.get(name) for name in names}}
    row = (await session.execute(_CHANGE, values)).mappings().one()
    await publish(context, session, row)
    return row


async def _find(session: AsyncSession, notice_id: UUID) -> RowMapping:
    row = (await session.execute(_LOCKED, {"id": notice_id})).mappings().first()
    if row is None:
        raise NotFoundError("There is no such notice. List them with GET /notices/v1/notices.")
    return row


async def decide(
    context: Context, session: AsyncSession, notice_id: UUID, state: str, who: Principal, reason: str | None = None
) -> RowMapping:
    """Releases or withholds a draft. The same decision again changes nothing.

    Raises NotFoundError, ForbiddenError for somebody who is not the direct superior, ConflictError for no draft.
    """
    row = await _find(session, notice_id)
    if not who.is_operator and (who.employee_id is None or row["superior_id"] != who.employee_id):
        raise ForbiddenError("Only the officer's direct superior or the operator decides.")
    if row["state"] == state:
        return row
    if row["state"] != "draft":
        raise ConflictError(f"The notice is {row['state']}; only a draft can be {state}.")
    decided_by = str(who.employee_id or who.name)
    reasons = None if reason is None else json.dumps([*json.loads(row["reasons"]), reason])
    changed = await change(context, session, notice_id, state, decided_by=decided_by, reasons=reasons)
    if state == "released":
        await queue_delivery(session, notice_id, context.clock.now())
    return changed


async def acknowledge(
    context: Context, session: AsyncSession, notice_id: UUID, days: int, recipient: UUID | None = None
) -> RowMapping:
    """Its recipient has read it: the clock of the objection starts. Again, it changes nothing."""
    row = await _find(session, notice_id)
    if recipient is not None and row["recipient_id"] != recipient:
        raise NotFoundError("There is no such notice in this inbox.")
    if row["state"] == "acknowledged":
        return row
    if row["state"] not in ("released", "delivered"):
        raise ConflictError(f"The notice is {row['state']}: only a released one can be acknowledged.")
    now = context.clock.now()
    until = object_until(now, context.zone, days)
    return await change(context, session, notice_id, "acknowledged", acknowledged_at=now, object_until=until)


async def republish(context: Context) -> int:
    """Adds all notices at their present revision to the outbox, a batch per transaction; returns how many."""
    after, count = UUID(int=0), 0
    while True:
        async with context.database.transaction() as session:
            rows = (await session.execute(_NEXT, {"after": after, "most": AT_A_TIME})).mappings().all()
            await context.outbox.add(session, NOTICE, [_record(row, row["created_at"]) for row in rows])
        count += len(rows)
        if len(rows) < AT_A_TIME:
            return count
        after = rows[-1]["notice_id"]
