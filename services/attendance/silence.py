"""Counts the machines that are silent in working hours: a cable is mended today, not found at the end of the month."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prometheus_client import Gauge
from sqlalchemy import text

from services.attendance.day_facts import read_facts
from services.attendance.domain.schedule import scheduled_day
from services.attendance.domain.silence import Contact, is_silent
from services.attendance.outages import IN_OUTAGE
from shared.context import Context
from shared.contracts.canary import CANARY_UNIT_ID

__all__ = ["Silence"]

_NOBODY = UUID(int=0)
"""Has no hours of his own, so the unit's or the city's are found."""

# A machine of no unit, or out of service, holds nobody's day. One in a declared outage is known.
_MACHINES = text(
    f"""
    select org_unit_id, coalesce(last_contact_at, registered_at) as heard_at,
           last_contact_at is null or push_version is not null as polls
    from machine m
    where org_unit_id is not null and org_unit_id <> '{CANARY_UNIT_ID}'
      and (in_service_to is null or in_service_to > cast(:now as timestamptz)) and not {IN_OUTAGE}
    """
)


class Silence:
    """Runs every minute: a handful of rows."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # A number and no serials: `kinerja doctor` names them, and a dashboard that keeps every replaced machine's
        # last state for a month does not help.
        self._silent = Gauge(
            "kinerja_machines_silent",
            "Registered machines that are not heard in their site's working hours",
            registry=context.metrics.registry,
        )

    async def round(self) -> bool:
        """Counts once."""
        now, zone = self._context.clock.now(), self._context.zone
        today = now.astimezone(zone).date()
        dates = (today - timedelta(days=1), today)  # a shift may have begun yesterday
        async with self._context.database.transaction() as session:
            facts = await read_facts(session, [(_NOBODY, day) for day in dates])
            machines = (await session.execute(_MACHINES, {"now": now})).all()
        if not facts.rules:
            return False  # the service has just been made: nothing is judged before there are rules
        silent_days = min(rules.silent_outage_days for rules in facts.rules)
        days = {
            unit: [
                scheduled_day(
                    day,
                    zone,
                    schedules=facts.weeks(_NOBODY, "PNS", unit, day),
                    overrides=facts.overrides,
                    calendar=facts.calendar,
                )
                for day in dates
            ]
            for unit in {machine.org_unit_id for machine in machines}
        }
        self._silent.set(
            sum(is_silent(Contact(m.heard_at, m.polls), days[m.org_unit_id], now, silent_days) for m in machines)
        )
        return False
