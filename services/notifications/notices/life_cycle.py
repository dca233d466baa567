"""The life cycle of a notice: create, change, withdraw, acknowledge. Each step is a published revision."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.rules.grounds import DISCIPLINE_KINDS
from services.notifications.grounds.rules.rule_set import NoticeRules, object_until
from services.notifications.notices.letter import render, render_withdrawal
from shared.base.ids import new_id
from shared.contracts.events.notice import NoticeKind, NoticeRecord, NoticeState
from shared.contracts.topics import NOTICE
from shared.errors.errors import ConflictError, NotFoundError
from shared.messaging.producing.republish import Republished, add_again
from shared.service.context import Context

__all__ = ["Notices", "find_locked", "lock_officers", "notice_record", "republish"]

AT_A_TIME = 500
RAISED = "NOT_ACKNOWLEDGED_BELOW"

_LOCK = text(
    "select pg_advisory_xact_lock(hashtextextended('notices/' || employee_id, 0))"
    " from unnest(cast(:employees as text[])) as employee_id"
)
_LOCKED = text("select * from notice where notice_id = :id for update")
_MAKE = text(
    """
    insert into notice (notice_id, revision, kind, employee_id, recipient_id, semester, indicator, period, state, reasons,
                        evidence, subject, body, created_at, released_at)
    values (:notice_id, 1, :kind, :employee_id, :recipient_id, :semester, :indicator, :period, :state, :reasons,
            :evidence, :subject, :body, :now, :released_at)
    on conflict (employee_id, kind, indicator, period) where state <> 'withdrawn' do nothing
    returning *
    """
)
_FIELDS = (
    "decided_by", "released_at", "mailed_at", "delivered_at", "acknowledged_at", "object_until", "reasons", "evidence",
    "subject", "body", "withdrawn_at", "withdrawal", "gone_revision",
)  # fmt: skip
_CHANGE = text(
    f"""
    update notice set revision = revision + 1, state = :state, {", ".join(f"{f} = coalesce(:{f}, {f})" for f in _FIELDS)}
    where notice_id = :id returning *
    """
)
_QUEUE = text(
    """
    insert into delivery (notice_id, next_attempt_at, attempts, sending) values (:id, :now, 0, false)
    on conflict (notice_id) do nothing
    """
)
# Does not touch a mail that is being sent: its sender checks the notice again afterwards.
_UNQUEUE = text("delete from delivery where notice_id = :id and not sending")
# The correction has its own limit of copies.
_NO_COPIES = text("update delivery set copies = 0 where notice_id = :id")
_NEXT = text("select * from notice where notice_id > :after order by notice_id limit :most")


async def lock_officers(session: AsyncSession, employees: Sequence[UUID]) -> None:
    """Prevents other transactions from creating, updating or releasing notices of these officers until this one ends.

    A transaction must take this lock before any lock on notices, for all its officers at once, to avoid deadlocks.
    """
    await session.execute(_LOCK, {"employees": sorted({str(one) for one in employees})})


async def find_locked(session: AsyncSession, notice_id: UUID) -> RowMapping:
    """The notice, locked until the end of the transaction. Raises NotFoundError."""
    row = (await session.execute(_LOCKED, {"id": notice_id})).mappings().first()
    if row is None:
        raise NotFoundError("There is no such notice. List them with GET /notices/v1/notices.")
    return row


@dataclass(frozen=True)
class Notices:
    """Writes notices. Each method is one step in the caller's transaction."""

    context: Context
    rules: NoticeRules

    async def make(
        self,
        session: AsyncSession,
        kind: NoticeKind,
        employee_id: UUID,
        *,
        state: NoticeState,
        period: str,
        evidence: Mapping[str, Any],
        reasons: Sequence[str],
        recipient: UUID | None = None,
        semester: str | None = None,
        indicator: str = "",
    ) -> RowMapping | None:
        """Creates a notice; None if one with the same officer, kind, indicator and period exists and is not withdrawn."""
        now = self.context.clock.now()
        values = {
            "notice_id": new_id(),
            "kind": kind,
            "employee_id": employee_id,
            "recipient_id": recipient or employee_id,
            "semester": semester,
            "indicator": indicator,
            "period": period,
            "state": state,
            "reasons": json.dumps(list(reasons)),
            "evidence": json.dumps(evidence),
            "now": now,
            "released_at": now if state == "released" else None,
        }
        made = (await session.execute(_MAKE, values | self._letter(values, evidence))).mappings().first()
        if made is not None:
            await self._publish(session, made)
            if state == "released":
                await session.execute(_QUEUE, {"id": made["notice_id"], "now": now})
        return made

    async def rewrite(self, session: AsyncSession, row: RowMapping, evidence: Mapping[str, Any]) -> RowMapping:
        """Rewrites the letter with the current facts; the state does not change."""
        letter = self._letter(row, evidence)
        return await self.change(session, row, row["state"], evidence=json.dumps(evidence), **letter)

    async def release(self, session: AsyncSession, row: RowMapping, decided_by: str) -> RowMapping:
        """Releases a draft, with a letter of today's date."""
        now = self.context.clock.now()
        letter = self._letter(row, json.loads(row["evidence"]))
        changed = await self.change(session, row, "released", decided_by=decided_by, released_at=now, **letter)
        await session.execute(_QUEUE, {"id": row["notice_id"], "now": now})
        return changed

    async def withdraw(
        self, session: AsyncSession, row: RowMapping, reason: str, *, gone_revision: int | None = None
    ) -> RowMapping:
        """Withdraws a notice that is no longer justified. A recipient of the mail gets a correction; the inbox shows it as
        withdrawn.

        `gone_revision` is the revision of the record that caused the withdrawal.
        """
        now = self.context.clock.now()
        words = None
        if row["released_at"] is not None:
            name = json.loads(row["evidence"]).get("officer", {}).get("name")
            words = render_withdrawal(
                row["subject"],
                row["released_at"].astimezone(self.context.zone).date(),
                reason,
                name=name if row["recipient_id"] != row["employee_id"] else None,
            )
        changed = await self.change(
            session, row, "withdrawn", reasons=_with(row, reason), withdrawn_at=now, withdrawal=words,
            gone_revision=gone_revision,
        )  # fmt: skip
        await session.execute(_UNQUEUE, {"id": row["notice_id"]})
        await session.execute(_NO_COPIES, {"id": row["notice_id"]})
        if row["mailed_at"] is not None:
            await session.execute(_QUEUE, {"id": row["notice_id"], "now": now})
        return changed

    async def acknowledge(self, session: AsyncSession, notice_id: UUID, recipient: UUID | None = None) -> RowMapping:
        """Records that the recipient has read it; for a letter about a score, the objection period starts. Idempotent.

        Raises NotFoundError, also for somebody else's notice, and ConflictError for one that was not released.
        """
        row = await find_locked(session, notice_id)
        if recipient is not None and row["recipient_id"] != recipient:
            raise NotFoundError("There is no such notice in this inbox.")
        if row["state"] == "acknowledged":
            return row
        if row["state"] not in ("released", "delivered"):
            raise ConflictError(f"The notice is {row['state']}: only a released one can be acknowledged.")
        now = self.context.clock.now()
        # An objection is only possible against an appraisal. On discipline nothing is decided yet (PP 94/2021 art. 26).
        appraisal = row["kind"] not in DISCIPLINE_KINDS
        until = object_until(now, self.context.zone, self.rules.objection_days) if appraisal else None
        return await self.change(session, row, "acknowledged", acknowledged_at=now, object_until=until)

    async def change(self, session: AsyncSession, row: RowMapping, state: str, **fields: Any) -> RowMapping:
        """Changes the state or fields of a notice and publishes it as its next revision."""
        values = {"id": row["notice_id"], "state": state, **{name: fields.pop(name, None) for name in _FIELDS}}
        if fields:
            raise TypeError(f"a notice has no {', '.join(fields)}")
        changed = (await session.execute(_CHANGE, values)).mappings().one()
        await self._publish(session, changed)
        return changed

    async def end(self, session: AsyncSession, row: RowMapping, state: str, reason: str, **fields: Any) -> RowMapping:
        """Changes the state of a notice and adds a reason."""
        return await self.change(session, row, state, reasons=_with(row, reason), **fields)

    async def _publish(self, session: AsyncSession, row: RowMapping) -> None:
        await self.context.outbox.add(session, NOTICE, [notice_record(row, self.context.clock.now())])

    def _letter(self, row: Mapping[str, Any] | RowMapping, evidence: Mapping[str, Any]) -> dict[str, str]:
        subject, body = render(
            row["kind"],
            indicator=row["indicator"],
            semester=row["semester"],
            evidence=evidence,
            on=self.context.clock.now().astimezone(self.context.zone).date(),
            raised=RAISED in json.loads(row["reasons"]),
            objection_days=self.rules.objection_days,
        )
        return {"subject": subject, "body": body}


async def republish(context: Context) -> Republished:
    """Adds all notices at their current revision to the outbox, one batch per transaction."""
    after, counts = UUID(int=0), Republished()
    while True:
        async with context.database.transaction() as session:
            rows = (await session.execute(_NEXT, {"after": after, "most": AT_A_TIME})).mappings().all()
            await add_again(context.outbox, session, NOTICE, rows, _stored, lambda row: row["notice_id"], counts)
        if len(rows) < AT_A_TIME:
            return counts
        after = rows[-1]["notice_id"]


def _stored(row: RowMapping) -> NoticeRecord:
    return notice_record(row, row["created_at"])


def _with(row: RowMapping, reason: str) -> str:
    return json.dumps([*json.loads(row["reasons"]), reason])


def notice_record(row: RowMapping, now: Any) -> NoticeRecord:
    """The published record of a notice's row."""
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
