"""The life cycle of a notice: create, change, withdraw, acknowledge. Each step is a published revision."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.rules.grounds import DISCIPLINE_KINDS
from services.notifications.grounds.rules.rule_set import NoticeRules, object_until
from services.notifications.notices.letter import Letter, render, render_withdrawal
from services.notifications.notices.queries import NOTICE_COLUMNS, NoticeRow, notice_for_update
from services.notifications.notices.rules.states import Event, first_state, next_state
from shared.base.ids import new_id
from shared.contracts.events.notice import NoticeKind, NoticeRecord, NoticeState
from shared.contracts.topics import NOTICE
from shared.db.queries import query
from shared.errors.errors import ConflictError, NotFoundError
from shared.service.context import Context

__all__ = ["RAISED", "NewNotice", "Notices", "notice_record", "state_after"]

RAISED = "NOT_ACKNOWLEDGED_BELOW"
"""The code of an alert that goes to the superior of the first recipient."""

_REFUSALS: dict[Event, str] = {
    "release": "; only a draft can be released",
    "withhold": "; only a draft can be withheld",
    "acknowledge": ": only a released one can be acknowledged",
}


class Changes(TypedDict, total=False):
    """The fields that a step may change; a field that is left out keeps its value."""

    decided_by: str
    released_at: datetime
    delivered_at: datetime
    acknowledged_at: datetime
    object_until: datetime | None
    reasons: str
    evidence: str
    subject: str
    body: str
    withdrawn_at: datetime
    withdrawal: str | None
    gone_revision: int | None


class RenderedLetter(TypedDict):
    subject: str
    body: str


_FIELDS = tuple(Changes.__annotations__)
INSERT_NOTICE = query(
    f"""
    insert into notice as n (notice_id, revision, kind, employee_id, recipient_id, semester, indicator, period, state,
                             reasons, evidence, subject, body, created_at, released_at)
    values (:notice_id, 1, :kind, :employee_id, :recipient_id, :semester, :indicator, :period, :state, :reasons,
            :evidence, :subject, :body, :now, :released_at)
    on conflict (employee_id, kind, indicator, period) where state <> 'withdrawn' do nothing
    returning {NOTICE_COLUMNS}
    """,
    NoticeRow,
)
UPDATE_NOTICE = query(
    f"""
    update notice n set revision = revision + 1, state = :state,
        {", ".join(f"{name} = coalesce(:{name}, {name})" for name in _FIELDS)}
    where notice_id = :id returning {NOTICE_COLUMNS}
    """,
    NoticeRow,
)
QUEUE_MAIL = text(
    """
    insert into delivery (notice_id, next_attempt_at, attempts, sending) values (:id, :now, 0, false)
    on conflict (notice_id) do nothing
    """
)
# Does not touch a mail that is being sent: its sender checks the notice again afterwards.
UNQUEUE_MAIL = text("delete from delivery where notice_id = :id and not sending")
# The correction has its own limit of copies.
RESET_COPIES = text("update delivery set copies = 0 where notice_id = :id")


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to create. `semester` is None for a notice about a calendar year, `indicator` is empty for the score."""

    kind: NoticeKind
    employee_id: UUID
    recipient_id: UUID
    period: str
    facts: Mapping[str, Any]
    reasons: Sequence[str]
    semester: str | None = None
    indicator: str = ""


@dataclass(frozen=True)
class Notices:
    """Writes notices. Each method is one step in the caller's transaction."""

    context: Context
    rules: NoticeRules

    async def create(self, session: AsyncSession, new: NewNotice) -> NoticeRow | None:
        """Creates a notice; None if one with the same officer, kind, indicator and period exists and is not withdrawn."""
        now, state = self.context.clock.now(), first_state(new.kind)
        letter = Letter(new.kind, new.indicator, new.semester, new.facts, raised=RAISED in new.reasons)
        values = {
            "notice_id": new_id(),
            "kind": new.kind,
            "employee_id": new.employee_id,
            "recipient_id": new.recipient_id,
            "semester": new.semester,
            "indicator": new.indicator,
            "period": new.period,
            "state": state,
            "reasons": json.dumps(list(new.reasons)),
            "evidence": json.dumps(new.facts),
            "now": now,
            "released_at": now if state == "released" else None,
            **self._render(letter),
        }
        created = await INSERT_NOTICE.first(session, values)
        if created is not None:
            await self._publish(session, created)
            if state == "released":
                await session.execute(QUEUE_MAIL, {"id": created.notice_id, "now": now})
        return created

    async def rewrite(self, session: AsyncSession, row: NoticeRow, facts: Mapping[str, Any]) -> NoticeRow:
        """Rewrites the letter with the current facts; the state does not change."""
        return await self._update(session, row, row.state, evidence=json.dumps(facts), **self._letter(row, facts))

    async def release(self, session: AsyncSession, row: NoticeRow, decided_by: str) -> NoticeRow:
        """Releases a draft, with a letter of today's date. Raises ConflictError."""
        now = self.context.clock.now()
        letter = self._letter(row, row.facts)
        changed = await self.change(session, row, "release", decided_by=decided_by, released_at=now, **letter)
        await session.execute(QUEUE_MAIL, {"id": row.notice_id, "now": now})
        return changed

    async def withdraw(
        self, session: AsyncSession, row: NoticeRow, reason: str, *, gone_revision: int | None = None
    ) -> NoticeRow:
        """Withdraws a notice that is no longer justified. A recipient of the mail gets a correction; the inbox shows it as
        withdrawn.

        `gone_revision` is the revision of the record that caused the withdrawal.
        """
        now = self.context.clock.now()
        correction = None
        if row.released_at is not None:
            name = row.facts.get("officer", {}).get("name")
            correction = render_withdrawal(
                row.subject,
                self.context.date_of(row.released_at),
                reason,
                name=name if row.recipient_id != row.employee_id else None,
            )
        changed = await self.change(
            session, row, "withdraw", reason, withdrawn_at=now, withdrawal=correction, gone_revision=gone_revision
        )
        await session.execute(UNQUEUE_MAIL, {"id": row.notice_id})
        await session.execute(RESET_COPIES, {"id": row.notice_id})
        if row.mailed_at is not None:
            await session.execute(QUEUE_MAIL, {"id": row.notice_id, "now": now})
        return changed

    async def acknowledge(self, session: AsyncSession, notice_id: UUID, recipient: UUID | None = None) -> NoticeRow:
        """Records that the recipient has read it; for a letter about a score, the objection period starts. Idempotent.

        Raises NotFoundError, also for somebody else's notice, and ConflictError for one that was not released.
        """
        row = await notice_for_update(session, notice_id)
        if recipient is not None and row.recipient_id != recipient:
            raise NotFoundError("There is no such notice in this inbox.")
        if state_after(row, "acknowledge") == row.state:
            return row
        now = self.context.clock.now()
        # An objection is only possible against an appraisal. On discipline nothing is decided yet (PP 94/2021 art. 26).
        appraisal = row.kind not in DISCIPLINE_KINDS
        until = object_until(now, self.context.zone, self.rules.objection_days) if appraisal else None
        return await self.change(session, row, "acknowledge", acknowledged_at=now, object_until=until)

    async def change(
        self, session: AsyncSession, row: NoticeRow, event: Event, reason: str | None = None, **fields: Unpack[Changes]
    ) -> NoticeRow:
        """Changes the state of a notice, adds a reason, and publishes its next revision. Raises ConflictError."""
        if reason is not None:
            fields["reasons"] = json.dumps([*row.codes, reason])
        return await self._update(session, row, state_after(row, event), **fields)

    async def _update(
        self, session: AsyncSession, row: NoticeRow, state: NoticeState, **fields: Unpack[Changes]
    ) -> NoticeRow:
        values = {"id": row.notice_id, "state": state, **dict.fromkeys(_FIELDS), **fields}
        changed = await UPDATE_NOTICE.one(session, values)
        await self._publish(session, changed)
        return changed

    async def _publish(self, session: AsyncSession, row: NoticeRow) -> None:
        await self.context.outbox.add(session, NOTICE, [notice_record(row, self.context.clock.now())])

    def _letter(self, row: NoticeRow, facts: Mapping[str, Any]) -> RenderedLetter:
        return self._render(Letter(row.kind, row.indicator, row.semester, facts, raised=RAISED in row.codes))

    def _render(self, letter: Letter) -> RenderedLetter:
        today = self.context.today
        subject, body = render(letter, on=today, objection_days=self.rules.objection_days)
        return {"subject": subject, "body": body}


def state_after(row: NoticeRow, event: Event) -> NoticeState:
    """The state of the notice after an event. Raises ConflictError if its present state does not allow it."""
    state = next_state(row.kind, row.state, event)
    if state is None:
        raise ConflictError(f"The notice is {row.state}{_REFUSALS.get(event, '')}.")
    return state


def notice_record(row: NoticeRow, recorded_at: datetime) -> NoticeRecord:
    """The published record of a notice's row."""
    return NoticeRecord.model_validate(
        {
            "revision": row.revision,
            "recorded_at": recorded_at,
            "notice_id": row.notice_id,
            "kind": row.kind,
            "employee_id": row.employee_id,
            "semester": row.semester,
            "indicator": row.indicator or None,
            "state": row.state,
            "reasons": row.codes,
            "object_until": row.object_until,
        }
    )
