"""What time alone does: a draft that nobody decided on expires, an alert that nobody acknowledged goes one level up."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.domain.rules import NoticeRules, raised
from services.notifications.drafts import Drafts
from services.notifications.notices import change
from shared.context import Context

__all__ = ["Ageing"]

AT_A_TIME = 200

_OLD_DRAFTS = text(
    """
    select notice_id, reasons from notice where state = 'draft' and created_at <= :before
    order by notice_id limit :most for update skip locked
    """
)
# One level at a time: the raised alert is an alert of its own, which can be raised again.
_UNREAD_ALERTS = text(
    """
    select n.employee_id, n.period, n.evidence, e.superior_id
    from notice n join employee e on e.employee_id = n.recipient_id
    where n.kind = 'discipline_alert' and n.state in ('released', 'delivered') and n.created_at <= :before
      and e.superior_id is not null and e.superior_id <> n.employee_id
      and not exists (select from notice up where up.employee_id = n.employee_id and up.kind = n.kind
                      and up.indicator = n.indicator and up.period = n.period || :suffix)
    order by n.notice_id limit :most
    """
)


@dataclass(frozen=True)
class Ageing:
    """Looks for both; several processes may, the notices' uniqueness keeps them apart."""

    context: Context
    drafts: Drafts
    rules: NoticeRules

    async def round(self) -> bool:
        """One round; True when there may be more."""
        async with self.context.database.transaction() as session:
            expired = await self._expire(session)
        async with self.context.database.transaction() as session:
            return max(expired, await self._raise(session)) == AT_A_TIME

    async def _expire(self, session: AsyncSession) -> int:
        before = self.context.clock.now() - self.rules.draft_expiry
        rows = (await session.execute(_OLD_DRAFTS, {"before": before, "most": AT_A_TIME})).all()
        for row in rows:
            reasons = json.dumps([*json.loads(row.reasons), "NOT_DECIDED"])
            await change(self.context, session, row.notice_id, "expired", reasons=reasons)
        return len(rows)

    async def _raise(self, session: AsyncSession) -> int:
        before = self.context.clock.now() - self.rules.alert_acknowledgement
        values = {"before": before, "suffix": raised(""), "most": AT_A_TIME}
        rows = (await session.execute(_UNREAD_ALERTS, values)).all()
        for row in rows:
            await self.drafts.alert(
                session, row.employee_id, row.superior_id, period=raised(row.period),
                evidence=json.loads(row.evidence), reasons=["LADDER_STEP_REACHED", "NOT_ACKNOWLEDGED_BELOW"],
            )  # fmt: skip
        return len(rows)
