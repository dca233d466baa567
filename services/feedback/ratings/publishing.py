"""Published feedback: each change is a new revision, published in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.events.feedback import FeedbackRecord
from shared.contracts.topics import FEEDBACK
from shared.service.context import Context

__all__ = ["publish_records"]

UPSERT_FEEDBACK = text(
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


async def publish_records(
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
    await session.execute(UPSERT_FEEDBACK, rows)
    await context.outbox.add(session, FEEDBACK, records)
