"""Keeping feedback: each change is a new revision, published in the same transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.context import Context
from shared.contracts.feedback import FeedbackRecord, FeedbackState
from shared.contracts.topics import FEEDBACK
from shared.errors import ConflictError, NotFoundError

__all__ = ["change_state", "keep", "locked", "republish"]

AT_A_TIME = 500

_KEEP = text(
    """
    insert into feedback (feedback_id, revision, kind, state, employee_id, org_unit_id, given_at, assessor_id, reason, record)
    values (:feedback_id, :revision, :kind, :state, :employee_id, :org_unit_id, :given_at, :assessor_id, :reason, :record)
    on conflict (feedback_id) do update set
        revision = excluded.revision, state = excluded.state, given_at = excluded.given_at, reason = excluded.reason,
        record = excluded.record
    """
)
_LOCKED = text("select * from feedback where feedback_id = :id for update")
_NEXT = text("select feedback_id, record from feedback where feedback_id > :after order by feedback_id limit :most")


async def keep(
    context: Context,
    session: AsyncSession,
    record: FeedbackRecord,
    *,
    assessor_id: UUID | None = None,
    reason: str | None = None,
) -> None:
    """Writes the record's row and adds it to the outbox."""
    values = record.model_dump(
        include={"feedback_id", "revision", "kind", "state", "employee_id", "org_unit_id", "given_at"}
    )
    values |= {"assessor_id": assessor_id, "reason": reason, "record": record.model_dump_json()}
    await session.execute(_KEEP, values)
    await context.outbox.add(session, FEEDBACK, [record])


async def locked(session: AsyncSession, feedback_id: UUID) -> Any:
    """The row under lock, or None."""
    return (await session.execute(_LOCKED, {"id": feedback_id})).mappings().first()


async def change_state(
    context: Context, session: AsyncSession, feedback_id: UUID, state: FeedbackState, reason: str, now: datetime
) -> FeedbackRecord:
    """Withdraws, or accepts from quarantine; the same state again changes nothing. Raises NotFoundError, ConflictError."""
    row = await locked(session, feedback_id)
    if row is None:
        raise NotFoundError("There is no such feedback. List it with GET /feedback/v1/feedback.")
    record = FeedbackRecord.model_validate_json(row["record"])
    if record.state == state:
        return record
    if record.state == "withdrawn":
        raise ConflictError("Withdrawn feedback stays withdrawn.")
    changed = record.model_copy(update={"state": state, "revision": record.revision + 1, "recorded_at": now})
    await keep(context, session, changed, assessor_id=row["assessor_id"], reason=reason)
    return changed


async def republish(context: Context) -> int:
    """Adds all feedback at its present revision to the outbox, a batch per transaction; returns how many."""
    after, count = UUID(int=0), 0
    while True:
        async with context.database.transaction() as session:
            rows = (await session.execute(_NEXT, {"after": after, "most": AT_A_TIME})).all()
            await context.outbox.add(
                session, FEEDBACK, [FeedbackRecord.model_validate_json(row.record) for row in rows]
            )
        count += len(rows)
        if len(rows) < AT_A_TIME:
            return count
        after = rows[-1].feedback_id
