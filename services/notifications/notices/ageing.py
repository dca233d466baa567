"""Deadlines: a draft without a decision expires; an alert without an acknowledgement goes one level up."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.records import read_records
from services.notifications.grounds.rules.rule_set import NoticeRules, raise_due, raised
from services.notifications.notices.life_cycle import RAISED
from services.notifications.notices.upkeep import Upkeep
from shared.db.set_aside import Batches
from shared.service.context import Context

__all__ = ["Ageing"]

AT_A_TIME = 200

_OLD_DRAFTS = text(
    """
    select * from notice
    where state = 'draft' and created_at <= :before and notice_id <> all(cast(:without as uuid[]))
    order by notice_id limit :most for update skip locked
    """
)
_UNREAD = "n.kind = 'discipline_alert' and n.state in ('released', 'delivered') and n.released_at <= :before"
_OFFICERS = text(
    f"""
    select distinct n.employee_id from notice n
    where {_UNREAD} and n.employee_id > :after and n.employee_id <> all(cast(:without as uuid[]))
    order by n.employee_id limit :most
    """
)
_ALERTS = text(
    f"""
    select n.*, e.superior_id from notice n left join employee e on e.employee_id = n.recipient_id
    where {_UNREAD} and n.employee_id = any(cast(:employees as uuid[])) order by n.notice_id
    """
)
_STANDING = text(
    """
    select employee_id, period, recipient_id from notice
    where kind = 'discipline_alert' and state <> 'withdrawn' and employee_id = any(cast(:employees as uuid[]))
    """
)


class Ageing:
    """Processes both; several processes may run it. Skips a draft or an officer that fails."""

    def __init__(self, context: Context, upkeep: Upkeep) -> None:
        self.context = context
        self.upkeep = upkeep
        self._drafts: Batches[UUID] = Batches("old drafts", AT_A_TIME, context.metrics)
        self._officers: Batches[UUID] = Batches("unread alerts", AT_A_TIME, context.metrics)
        self._after = UUID(int=0)

    @property
    def rules(self) -> NoticeRules:
        return self.upkeep.rules

    async def round(self) -> bool:
        """Processes all drafts and alerts that are due."""
        while await self._drafts.run(self._expire):
            pass
        self._after = UUID(int=0)
        while await self._officers.run(self._raise):
            pass
        return False

    async def _expire(self) -> bool:
        before = self.context.clock.now() - self.rules.draft_expiry
        values = {"before": before, "most": self._drafts.most, "without": self._drafts.without}
        async with self.context.database.transaction() as session:
            rows = (await session.execute(_OLD_DRAFTS, values)).mappings().all()
            self._drafts.took(row["notice_id"] for row in rows)
            for row in rows:
                await self.upkeep.notices.end(session, row, "expired", "NOT_DECIDED")
        return len(rows) == values["most"]

    async def _raise(self) -> bool:
        """Processes the next page of officers; False when it was the last."""
        before = self.context.clock.now() - self.rules.alert_acknowledgement
        most = self._officers.most
        values = {"before": before, "after": self._after, "most": most, "without": self._officers.without}
        async with self.context.database.transaction() as session:
            officers = list((await session.execute(_OFFICERS, values)).scalars())
            if not officers:
                return False
            self._officers.took(officers)
            await self._raise_of(session, officers, before)
        self._after = officers[-1]
        return len(officers) == most

    async def _raise_of(self, session: AsyncSession, officers: list[UUID], before: datetime) -> None:
        # First update the notices: an alert whose step is no longer reached is withdrawn and not escalated.
        await self.upkeep.follow(session, officers)
        among = {"employees": officers}
        alerts = (await session.execute(_ALERTS, among | {"before": before})).mappings().all()
        standing: dict[UUID, dict[str, UUID]] = {}
        for row in await session.execute(_STANDING, among):
            standing.setdefault(row.employee_id, {})[row.period] = row.recipient_id
        records = await read_records(session, officers, alerts, self.context.zone)
        for alert in alerts:
            officer, told = alert["employee_id"], json.loads(alert["evidence"])
            year = records.years.get((officer, told["year"]))
            step, ground = None if year is None else year.step, records.ground(alert, self.rules)
            if ground is not None and raise_due(
                alert["period"], officer, alert["superior_id"], step, standing.get(officer, {})
            ):
                await self.upkeep.notices.make(
                    session, "discipline_alert", officer, recipient=alert["superior_id"], state="released",
                    period=raised(alert["period"]), evidence=ground.facts, reasons=["LADDER_STEP_REACHED", RAISED],
                )  # fmt: skip
