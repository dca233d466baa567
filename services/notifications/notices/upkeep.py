"""Keeps notices consistent with the records: after each change of an officer's records, it updates the live notices.

The consumer, the periodic evaluation, a release and the sender all call this first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.records import Records, read_records
from services.notifications.grounds.rules.grounds import DISCIPLINE_KINDS, Ground, discipline_ground
from services.notifications.grounds.rules.rule_set import NoticeRules, alert_due, is_history
from services.notifications.notices.life_cycle import RAISED, NewNotice, Notices
from services.notifications.notices.queries import (
    LIVE_NOTICES,
    OFFICERS_NAMING_SUPERIOR,
    WITHDRAWN_STEPS,
    NoticeRow,
    lock_officers,
)
from services.notifications.notices.rules.states import follow_up, rewritable_states, states_before
from services.notifications.notices.rules.superiors import alerts_former_superior
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.notice import NoticeKind

__all__ = ["Upkeep"]

Step = tuple[UUID, NoticeKind, str]
"""The officer, the kind of the notice and the period, which names the discipline step."""


@dataclass(frozen=True)
class Upkeep:
    """Updates notices in the caller's transaction."""

    notices: Notices

    @property
    def rules(self) -> NoticeRules:
        return self.notices.rules

    async def named_in(self, session: AsyncSession, employees: Collection[UUID]) -> set[UUID]:
        """Officers with changeable letters that name one of these employees as superior."""
        if not employees:
            return set()
        values = {"employees": list(employees), "states": rewritable_states()}
        rows = await OFFICERS_NAMING_SUPERIOR.all(session, values)
        return {row.employee_id for row in rows}

    async def follow(self, session: AsyncSession, employees: Collection[UUID]) -> None:
        """Rewrites drafts, withdraws notices that are no longer justified, and creates notices for reached discipline steps."""
        if not employees:
            return
        chosen = sorted(employees)
        await lock_officers(session, chosen)
        live = await LIVE_NOTICES.all(session, {"employees": chosen, "states": states_before("withdraw")})
        records = await read_records(session, chosen, live, self.notices.context.zone)
        standing: set[Step] = set()
        for row in live:
            after = await self.follow_one(session, row, records.ground(row, self.rules), records)
            if after.state != "withdrawn":
                standing.add((row.employee_id, row.kind, row.period))
        await self._announce_steps(session, chosen, records, standing)

    async def follow_one(
        self, session: AsyncSession, row: NoticeRow, ground: Ground | None, records: Records
    ) -> NoticeRow:
        """Updates one notice that the caller has locked; returns it, changed or not."""
        if ground is None:
            return row
        gone = ground.gone
        revision = None
        if gone is not None:
            revision = self._revision_of(row, records)
        elif self._superior_changed(row, records):
            gone = "SUPERIOR_CHANGED"
        step = follow_up(row.kind, row.state, row.facts, ground.facts, gone)
        if step == "withdraw":
            return await self.notices.withdraw(session, row, gone or "", gone_revision=revision)
        if step == "rewrite":
            return await self.notices.rewrite(session, row, ground.facts)
        return row

    @staticmethod
    def _superior_changed(row: NoticeRow, records: Records) -> bool:
        superior = records.person(row.employee_id).superior_id
        return row.kind == "discipline_alert" and alerts_former_superior(
            row.employee_id, row.recipient_id, superior, row.state, raised=RAISED in row.codes
        )

    @staticmethod
    def _revision_of(row: NoticeRow, records: Records) -> int | None:
        year = row.facts.get("year")
        record = None if year is None else records.years.get((row.employee_id, year))
        return None if record is None else record.revision

    async def _announce_steps(
        self, session: AsyncSession, employees: Sequence[UUID], records: Records, standing: Collection[Step]
    ) -> None:
        """Notifies the officer and the direct superior in one transaction, the officer first, so that the superior never knows
        before the officer."""
        reached = [record for record in records.years.values() if record.step and record.employee_id in records.people]
        if not reached:
            return
        values = {"employees": list(employees), "kinds": list(DISCIPLINE_KINDS)}
        withdrawn: dict[Step, int | None] = {
            (row.employee_id, row.kind, row.period): row.revision for row in await WITHDRAWN_STEPS.all(session, values)
        }
        for record in sorted(reached, key=lambda one: (one.employee_id, one.year)):
            for new in self._notices_of(record, records):
                step = (new.employee_id, new.kind, new.period)
                due = alert_due(record.revision, step in standing, withdrawn.get(step))
                if due and (step in withdrawn or not self._is_history(record)):
                    await self.notices.create(session, new)

    def _is_history(self, record: DisciplineRecord) -> bool:
        context = self.notices.context
        return is_history(record.year, record.recorded_at, context.clock.now(), context.zone)

    @staticmethod
    def _notices_of(record: DisciplineRecord, records: Records) -> list[NewNotice]:
        """The notices about the heaviest step of a record: to the officer, and to the direct superior."""
        officer, step = record.employee_id, record.step or ""
        person = records.person(officer)
        facts = {**discipline_ground(step, record).facts, "officer": person.facts}
        recipients: list[tuple[NoticeKind, UUID]] = [("discipline_information", officer)]
        if person.superior_id not in (None, officer):
            recipients.append(("discipline_alert", person.superior_id))
        period = f"{record.year}/{step}"
        return [
            NewNotice(kind, officer, recipient, period, facts, ["LADDER_STEP_REACHED"])
            for kind, recipient in recipients
        ]
