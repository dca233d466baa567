"""What time alone does: a draft that nobody decided on expires, an alert that nobody acknowledged goes one level up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.rules import NoticeRules, raise_due, raised
from services.notifications.notices import RAISED
from services.notifications.records import read_records
from services.notifications.upkeep import Upkeep
from shared.context import Context

__all__ = ["Ageing"]

AT_A_TIME = 200

_OLD_DRAFTS = text(
    """
    select * from notice where state = 'draft' and created_at <= :before
    order by notice_id limit :most for update skip locked
    """
)
_UNREAD = "n.kind = 'discipline_alert' and n.state in ('released', 'delivered') and n.released_at <= :before"
_OFFICERS = text(
    f"""
    select distinct n.employee_id from notice n where {_UNREAD} and n.employee_id > :after
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


@dataclass(frozen=True)
class Ageing:
    """Looks for both; several processes may."""

    context: Context
    upkeep: Upkeep

    @property
    def rules(self) -> NoticeRules:
        return self.upkeep.rules

    async def round(self) -> bool:
        """One round through everything."""
        expired = AT_A_TIME
        while expired == AT_A_TIME:
            async with self.context.database.transaction() as session:
                expired = await self._expire(session)
        after: UUID | None = UUID(int=0)
        while after is not None:
            async with self.context.database.transaction() as session:
                after = await self._raise(session, after)
        return False

    async def _expire(self, session: AsyncSession) -> int:
        before = self.context.clock.now() - self.rules.draft_expiry
        rows = (await session.execute(_OLD_DRAFTS, {"before": before, "most": AT_A_TIME})).mappings().all()
        for row in rows:
            await self.upkeep.notices.end(session, row, "expired", "NOT_DECIDED")
        return len(rows)

    async def _raise(self, session: AsyncSession, after: UUID) -> UUID | None:
        """The officers behind `after`, as many as fit; the last of them, or None when these were all."""
        before = self.context.clock.now() - self.rules.alert_acknowledgement
        values = {"before": before, "after": after, "most": AT_A_TIME}
        officers = list((await session.execute(_OFFICERS, values)).scalars())
        if not officers:
            return None
        # First the records: an alert whose step is gone is withdrawn here, and goes nowhere.
        await self.upkeep.follow(session, officers)
        among = {"employees": officers}
        alerts = (await session.execute(_ALERTS, among | {"before": before})).mappings().all()
        standing: dict[UUID, dict[str, UUID]] = {}
        for row in await session.execute(_STANDING, among):
            standing.setdefault(row.employee_id, {})[row.period] = row.recipient_id
        records = await read_records(session, officers, alerts)
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
        return officers[-1] if len(officers) == AT_A_TIME else None
