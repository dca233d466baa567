"""Published feedback: each change is a new revision, published in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.events.feedback import FeedbackRecord
from shared.contracts.topics import FEEDBACK
from shared.messaging.producing.republish import Republished, add_again, from_record
from shared.service.context import Context

__all__ = ["keep", "republish"]

AT_A_TIME = 500

_KEEP = text(
    """
    insert into feedback
        (feedback_id, revision, kind, state, employee_id, org_unit_id, given_at, group_id, assessor_id, reason, record)
    values (:feedback_id, :revision, :kind, :state, :employee_id, :org_unit_id, :given_at, :group_id, :assessor_id, :reason,
            :record)
    on conflict (feedback_id) do update set
        revision = excluded.revision, state = excluded.state, given_at = excluded.given_at, reason = excluded.reason,
        record = excluded.record
    """
)
_NEXT = text("select feedback_id, record from feedback where feedback_id > :after order by feedback_id limit :most")


async def keep(
    context: Context,
    session: AsyncSession,
    records: Sequence[FeedbackRecord],
    *,
    assessor_id: UUID | None = None,
    reason: str | None = None,
) -> None:
    """Writes the records' rows and adds the records to the outbox, in the given order."""
    columns = {"feedback_id", "revision", "kind", "state", "employee_id", "org_unit_id", "given_at", "group_id"}
    rows = [
        record.model_dump(include=columns)
        | {"assessor_id": assessor_id, "reason": reason, "record": record.model_dump_json()}
        for record in records
    ]
    await session.execute(_KEEP, rows)
    await context.outbox.add(session, FEEDBACK, records)


async def republish(context: Context) -> Republished:
    """Adds all feedback at its current revision to the outbox, one batch per transaction."""
    after, counts = UUID(int=0), Republished()
    while True:
        async with context.database.transaction() as session:
            rows = (await session.execute(_NEXT, {"after": after, "most": AT_A_TIME})).all()
            await add_again(
                context.outbox, session, FEEDBACK, rows, from_record(FEEDBACK), lambda row: row.feedback_id, counts
            )
        if len(rows) < AT_A_TIME:
            return counts
        after = rows[-1].feedback_id
