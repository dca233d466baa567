"""Who works by roster only, between which dates: units, and officers who differ from their unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import day_after, day_before, enqueue_spans, enqueue_unit
from shared.errors.errors import ConflictError, InvalidError, NotFoundError

__all__ = ["WhoByRoster", "drop_setting", "put_setting"]

_LOCK = text("lock table roster_setting in share row exclusive mode")
_BEFORE = text("select * from roster_setting where setting_id = :setting_id")
_SAME_START = text(
    """
    select setting_id from roster_setting
    where setting_id <> :setting_id and effective_from = :effective_from
      and (employee_id = :employee_id or org_unit_id = :org_unit_id)
    """
)
_PUT = text(
    """
    insert into roster_setting (setting_id, employee_id, org_unit_id, by_roster, effective_from, effective_to)
    values (:setting_id, :employee_id, :org_unit_id, :by_roster, :effective_from, :effective_to)
    on conflict (setting_id) do update set employee_id = excluded.employee_id, org_unit_id = excluded.org_unit_id,
        by_roster = excluded.by_roster, effective_from = excluded.effective_from, effective_to = excluded.effective_to
    """
)
_DROP = text("delete from roster_setting where setting_id = :setting_id")


@dataclass(frozen=True, slots=True)
class WhoByRoster:
    """Whether an officer or a unit works by roster only between two dates, both included (`effective_to` None: open)."""

    setting_id: UUID
    employee_id: UUID | None
    org_unit_id: str | None
    by_roster: bool
    effective_from: date
    effective_to: date | None = None


async def put_setting(change: Change, setting: WhoByRoster) -> None:
    """Stores a setting and enqueues the days it applies to or applied to before. Raises InvalidError and ConflictError."""
    if (setting.employee_id is None) == (setting.org_unit_id is None):
        raise InvalidError("Set either `employee_id` (one officer) or `org_unit_id` (the officers of a unit).")
    if setting.effective_to is not None and setting.effective_to < setting.effective_from:
        raise InvalidError("`effective_to` must not be before `effective_from`.")
    values = {
        "setting_id": setting.setting_id,
        "employee_id": setting.employee_id,
        "org_unit_id": setting.org_unit_id,
        "by_roster": setting.by_roster,
        "effective_from": setting.effective_from,
        "effective_to": setting.effective_to,
    }
    await change.session.execute(_LOCK)  # rare; prevents two settings with the same start, which would have no order
    other = (await change.session.execute(_SAME_START, values)).scalar()
    if other is not None:
        raise ConflictError(
            f"The setting {other} of the same officer or unit begins on this date too. Change that setting."
        )
    before = (await change.session.execute(_BEFORE, values)).first()
    await change.session.execute(_PUT, values)
    for governed in (before, setting):
        if governed is not None:
            await _mark(change, governed)


async def drop_setting(change: Change, setting_id: UUID) -> None:
    """Deletes a setting, also for past dates. Raises NotFoundError."""
    await change.session.execute(_LOCK)
    before = (await change.session.execute(_BEFORE, {"setting_id": setting_id})).first()
    if before is None:
        raise NotFoundError("There is no setting with this setting_id. List them.")
    await change.session.execute(_DROP, {"setting_id": setting_id})
    await _mark(change, before)


async def _mark(change: Change, governed: Any) -> None:
    first, last = governed.effective_from, governed.effective_to or date.max
    if governed.employee_id is not None:
        await enqueue_spans(change, [(governed.employee_id, first, last)])
    else:
        await enqueue_unit(change, governed.org_unit_id, day_before(first), day_after(last))
