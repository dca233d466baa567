"""Keeps notices consistent with the records: after each change of an officer's records, it updates the live notices.

The consumer, the periodic evaluation, a release and the sender all call this first.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.records import Records, read_records
from services.notifications.grounds.rules.grounds import Ground, discipline_ground, step_to_follow
from services.notifications.grounds.rules.rule_set import NoticeRules, alert_due, is_history
from services.notifications.notices.life_cycle import RAISED, Notices, lock_officers
from shared.contracts.events.notice import NoticeKind

__all__ = ["Upkeep"]

_LIVE = text(
    """
    select * from notice
    where employee_id = any(cast(:employees as uuid[])) and state in ('draft', 'released', 'delivered', 'acknowledged')
    order by notice_id for update
    """
)
_WITHDRAWN = text(
    """
    select employee_id, kind, period, max(gone_revision) as revision from notice
    where employee_id = any(cast(:employees as uuid[])) and state = 'withdrawn' and kind like 'discipline%'
    group by employee_id, kind, period
    """
)
_SUBORDINATES = text(
    """
    select distinct n.employee_id from notice n join employee e using (employee_id)
    where e.superior_id = any(cast(:employees as uuid[])) and n.state in ('draft', 'released')
    """
)


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
        return set((await session.execute(_SUBORDINATES, {"employees": list(employees)})).scalars())

    async def follow(self, session: AsyncSession, employees: Collection[UUID]) -> None:
        """Rewrites drafts, withdraws notices that are no longer justified, and creates notices for reached discipline steps."""
        if not employees:
            return
        chosen = sorted(employees)
        await lock_officers(session, chosen)
        live = (await session.execute(_LIVE, {"employees": chosen})).mappings().all()
        records = await read_records(session, chosen, live, self.notices.context.zone)
        standing: set[tuple[UUID, str, str]] = set()
        for row in live:
            after = await self.follow_one(session, row, records.ground(row, self.rules), records)
            if after["state"] != "withdrawn":
                standing.add((row["employee_id"], row["kind"], row["period"]))
        await self._tell_of_steps(session, chosen, records, standing)

    async def follow_one(
        self, session: AsyncSession, row: RowMapping, ground: Ground | None, records: Records
    ) -> RowMapping:
        """Updates one notice that the caller has locked; returns it, changed or not."""
        if ground is None:
            return row
        gone = ground.gone
        revision = None
        if gone is not None:
            revision = self._revision_of(row, records)
        elif self._superior_changed(row, records):
            gone = "SUPERIOR_CHANGED"
        step = step_to_follow(row["kind"], row["state"], json.loads(row["evidence"]), ground.facts, gone)
        if step == "withdraw":
            return await self.notices.withdraw(session, row, gone or "", gone_revision=revision)
        if step == "rewrite":
            return await self.notices.rewrite(session, row, ground.facts)
        return row

    @staticmethod
    def _superior_changed(row: RowMapping, records: Records) -> bool:
        """Whether an unread alert went to a former direct superior: the new one has to examine (PP 94/2021 art. 26)."""
        if row["kind"] != "discipline_alert" or row["state"] == "acknowledged" or RAISED in json.loads(row["reasons"]):
            return False
        superior = records.person(row["employee_id"]).superior_id
        return superior is not None and superior not in (row["recipient_id"], row["employee_id"])

    @staticmethod
    def _revision_of(row: RowMapping, records: Records) -> int | None:
        year: Any = json.loads(row["evidence"]).get("year")
        record = records.years.get((row["employee_id"], year))
        return None if record is None else record.revision

    async def _tell_of_steps(
        self,
        session: AsyncSession,
        employees: Sequence[UUID],
        records: Records,
        standing: Collection[tuple[UUID, str, str]],
    ) -> None:
        """Notifies the officer and the direct superior in one transaction, the officer first, so that the superior never knows
        before the officer."""
        reached = [record for record in records.years.values() if record.step and record.employee_id in records.people]
        if not reached:
            return
        withdrawn = {
            (row.employee_id, row.kind, row.period): row.revision
            for row in await session.execute(_WITHDRAWN, {"employees": list(employees)})
        }
        context = self.notices.context
        now = context.clock.now()
        for record in sorted(reached, key=lambda one: (one.employee_id, one.year)):
            officer, period = record.employee_id, f"{record.year}/{record.step}"
            history = is_history(record.year, record.recorded_at, now, context.zone)
            person = records.person(officer)
            superior = None if person.superior_id == officer else person.superior_id
            evidence = {**discipline_ground(record.step or "", record).facts, "officer": person.facts}
            told: tuple[tuple[NoticeKind, UUID | None], ...] = (
                ("discipline_information", officer),
                ("discipline_alert", superior),
            )
            for kind, recipient in told:
                key = (officer, kind, period)
                if recipient is None or not alert_due(record.revision, key in standing, withdrawn.get(key)):
                    continue
                if history and key not in withdrawn:
                    continue
                await self.notices.make(
                    session, kind, officer, recipient=recipient, state="released", period=period, evidence=evidence,
                    reasons=["LADDER_STEP_REACHED"],
                )  # fmt: skip
