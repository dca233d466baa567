"""The calendar of holidays and collective leave: loaded from the `holidays` package, then changed by decrees."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import holidays
from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_all
from services.attendance.hours.tables import CalendarDay
from shared.db.queries import query
from shared.errors.errors import NotFoundError

__all__ = ["decree_day", "drop_day", "load_calendar", "published_days"]

COUNTRY = "ID"
WORKDAY = "workday"
"""The kind of a date that was a holiday and is none any more: the package's next load does not add it again."""
_KINDS = {"public": "holiday", "government": "collective_leave"}
_ESTIMATED = " (perkiraan)"
"""How the package labels dates that depend on the moon and on a future decree."""


class NewDate(NamedTuple):
    """A date that the calendar did not have."""

    day: date


NEW_DATES = query(
    "insert into calendar_day (day, name, kind, confirmed, decree) select *, null from"
    " unnest(cast(:days as date[]), cast(:names as text[]), cast(:kinds as text[]), cast(:confirmed as bool[]))"
    " on conflict do nothing returning day",
    NewDate,
)
PUT_DECREED_DAY = text(
    """
    insert into calendar_day as c (day, name, kind, confirmed, decree)
    values (:day, :name, :kind, :confirmed, :decree)
    on conflict (day) do update set name = excluded.name, kind = excluded.kind, confirmed = excluded.confirmed,
        decree = excluded.decree
    where (c.name, c.kind, c.confirmed, c.decree) is distinct from
          (excluded.name, excluded.kind, excluded.confirmed, excluded.decree)
    returning 1
    """
)


def published_days(year: int) -> list[CalendarDay]:
    """The year's days from the package, in order; estimated ones are not confirmed."""
    found: dict[date, CalendarDay] = {}
    for category, kind in _KINDS.items():
        for day, name in holidays.country_holidays(COUNTRY, years=year, categories=(category,), language="id").items():
            # A date that is both stays a public holiday.
            confirmed = _ESTIMATED not in name
            found.setdefault(
                day, CalendarDay(day=day, name=name.replace(_ESTIMATED, ""), kind=kind, confirmed=confirmed)
            )
    return [found[day] for day in sorted(found)]


async def load_calendar(change: Change, today: date) -> None:
    """Adds missing dates of last, this and next year; existing dates (perhaps changed by a decree) stay."""
    days = [day for year in (today.year - 1, today.year, today.year + 1) for day in published_days(year)]
    values = {
        "days": [day.day for day in days],
        "names": [day.name for day in days],
        "kinds": [day.kind for day in days],
        "confirmed": [day.confirmed for day in days],
    }
    for new in await NEW_DATES.all(change.session, values):
        await enqueue_all(change, new.day, new.day)


async def decree_day(change: Change, day: CalendarDay) -> None:
    """Stores what was decreed for a date and enqueues everybody's day if that changes it."""
    if (await change.session.execute(PUT_DECREED_DAY, day.model_dump())).first() is not None:
        await enqueue_all(change, day.day, day.day)


async def drop_day(change: Change, day: date) -> None:
    """Makes the date an ordinary day permanently. Raises NotFoundError when the calendar does not have it."""
    stored = await change.session.get(CalendarDay, day, with_for_update=True)
    if stored is None or stored.kind == WORKDAY:
        raise NotFoundError("The calendar has no holiday on this date.")
    stored.kind, stored.confirmed = WORKDAY, True
    await enqueue_all(change, day, day)
