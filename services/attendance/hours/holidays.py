"""The calendar of holidays and collective leave: loaded from the `holidays` package, then changed by decrees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import holidays
from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_all
from shared.errors.errors import NotFoundError

__all__ = ["DecreedDay", "decree_day", "drop_day", "load_calendar", "published_days"]

COUNTRY = "ID"
_KINDS = {"public": "holiday", "government": "collective_leave"}
_ESTIMATED = " (perkiraan)"
"""How the package marks dates that depend on the moon and on a future decree."""

_LOAD = text(
    "insert into calendar_day (day, name, kind, confirmed, decree) select *, null from"
    " unnest(cast(:days as date[]), cast(:names as text[]), cast(:kinds as text[]), cast(:confirmed as bool[]))"
    " on conflict do nothing returning day"
)
_DECREE = text(
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


@dataclass(frozen=True, slots=True)
class DecreedDay:
    """A date, its kind (`holiday`, `collective_leave`, `workday`), and the decree."""

    day: date
    name: str
    kind: str
    confirmed: bool
    decree: str | None = None


def published_days(year: int) -> list[DecreedDay]:
    """The year's days from the package, in order; estimated ones are not confirmed."""
    found: dict[date, DecreedDay] = {}
    for category, kind in _KINDS.items():
        for day, name in holidays.country_holidays(COUNTRY, years=year, categories=(category,), language="id").items():
            # A date that is both stays a public holiday.
            found.setdefault(day, DecreedDay(day, name.replace(_ESTIMATED, ""), kind, _ESTIMATED not in name))
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
    for row in (await change.session.execute(_LOAD, values)).all():
        await enqueue_all(change, row.day, row.day)


async def decree_day(change: Change, day: DecreedDay) -> None:
    """Stores what was decreed for a date and enqueues everybody's day if that changes it."""
    values = {
        "day": day.day,
        "name": day.name,
        "kind": day.kind,
        "confirmed": day.confirmed,
        "decree": day.decree,
    }
    if (await change.session.execute(_DECREE, values)).first() is not None:
        await enqueue_all(change, day.day, day.day)


async def drop_day(change: Change, day: date) -> None:
    """Makes the date an ordinary day permanently. Raises NotFoundError when the calendar does not have it."""
    found = await change.session.execute(
        text(
            "update calendar_day set kind = 'workday', confirmed = true where day = :day and kind <> 'workday' returning 1"
        ),
        {"day": day},
    )
    if found.first() is None:
        raise NotFoundError("The calendar has no holiday on this date.")
    await enqueue_all(change, day, day)
