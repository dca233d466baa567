"""Deadlines: a draft without a decision expires; an alert without an acknowledgement goes one level up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.records import read_people, read_records
from services.notifications.grounds.rules.rule_set import NoticeRules, raise_due, raised
from services.notifications.notices.life_cycle import RAISED, NewNotice
from services.notifications.notices.queries import OLD_DRAFTS, OVERDUE_ALERTS, OVERDUE_OFFICERS, STANDING_ALERTS
from services.notifications.notices.rules.deadlines import acknowledgement_overdue_since, draft_expired_since
from services.notifications.notices.rules.states import states_before
from services.notifications.notices.upkeep import Upkeep
from shared.db.set_aside import Batches
from shared.service.context import Context

__all__ = ["Ageing"]

AT_A_TIME = 200


class Ageing:
    """Processes both; several processes may run it. Skips a draft or an officer that fails."""

    def __init__(self, context: Context, upkeep: Upkeep) -> None:
        self._context = context
        self._upkeep = upkeep
        self._drafts: Batches[UUID] = Batches("old drafts", AT_A_TIME, context.metrics)
        self._officers: Batches[UUID] = Batches("unread alerts", AT_A_TIME, context.metrics)
        self._after = UUID(int=0)

    @property
    def _rules(self) -> NoticeRules:
        return self._upkeep.rules

    async def round(self) -> bool:
        """Processes all drafts and alerts that are due."""
        while await self._drafts.run(self._expire):
            pass
        self._after = UUID(int=0)
        while await self._officers.run(self._raise):
            pass
        return False

    async def _expire(self) -> bool:
        most = self._drafts.most
        values = {
            "states": states_before("expire"),
            "before": draft_expired_since(self._context.clock.now(), self._rules),
            "most": most,
            "without": self._drafts.without,
        }
        async with self._context.database.transaction() as session:
            drafts = await OLD_DRAFTS.all(session, values)
            self._drafts.took(draft.notice_id for draft in drafts)
            for draft in drafts:
                await self._upkeep.notices.change(session, draft, "expire", "NOT_DECIDED")
        return len(drafts) == most

    async def _raise(self) -> bool:
        """Processes the next page of officers; False when it was the last."""
        before = acknowledgement_overdue_since(self._context.clock.now(), self._rules)
        most = self._officers.most
        values = {
            "states": states_before("acknowledge"),
            "before": before,
            "after": self._after,
            "most": most,
            "without": self._officers.without,
        }
        async with self._context.database.transaction() as session:
            officers = [row.employee_id for row in await OVERDUE_OFFICERS.all(session, values)]
            if not officers:
                return False
            self._officers.took(officers)
            await self._raise_of(session, officers, before)
        self._after = officers[-1]
        return len(officers) == most

    async def _raise_of(self, session: AsyncSession, officers: list[UUID], before: datetime) -> None:
        # First update the notices: an alert whose step is no longer reached is withdrawn and not escalated.
        await self._upkeep.follow(session, officers)
        among = {"employees": officers}
        values = among | {"states": states_before("acknowledge"), "before": before}
        alerts = await OVERDUE_ALERTS.all(session, values)
        standing: dict[UUID, dict[str, UUID]] = {}
        for row in await STANDING_ALERTS.all(session, among):
            standing.setdefault(row.employee_id, {})[row.period] = row.recipient_id
        records = await read_records(session, officers, alerts, self._context.zone)
        recipients = await read_people(session, [alert.recipient_id for alert in alerts])
        for alert in alerts:
            officer = alert.employee_id
            recipient = recipients.get(alert.recipient_id)
            superior = None if recipient is None else recipient.superior_id
            year = records.years.get((officer, alert.facts["year"]))
            step, ground = None if year is None else year.step, records.ground(alert, self._rules)
            due = raise_due(alert.period, officer, superior, step, standing.get(officer, {}))
            if ground is not None and superior is not None and due:
                new = NewNotice(
                    "discipline_alert",
                    officer,
                    superior,
                    raised(alert.period),
                    ground.facts,
                    ["LADDER_STEP_REACHED", RAISED],
                )
                await self._upkeep.notices.create(session, new)
