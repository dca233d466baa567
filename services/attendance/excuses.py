"""Leave and duty decisions; each one computes the days it covers again, also when it comes long after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.days import mark_employee
from services.attendance.domain.day_inputs import ExcuseKind, ExcuseState, Half
from services.attendance.domain.excuse_codes import EXCUSE_KINDS
from shared.errors import ConflictError, InvalidError

__all__ = ["Decision", "put_excuse"]

DAYS_MAX = 1_100
"""Three years: the longest leave there is."""

_LOCK = text("select employee_id, first_date, last_date from excuse where excuse_id = :id for update")
_PUT = text(
    """
    insert into excuse as x (excuse_id, employee_id, code, kind, first_date, last_date, half, state, reference, decided_at)
    values (:id, :employee_id, :code, :kind, :first_date, :last_date, :half, :state, :reference, :now)
    on conflict (excuse_id) do update set code = excluded.code, kind = excluded.kind, first_date = excluded.first_date,
        last_date = excluded.last_date, half = excluded.half, state = excluded.state, reference = excluded.reference,
        decided_at = excluded.decided_at
    where (x.code, x.kind, x.first_date, x.last_date, x.half, x.state, x.reference) is distinct from
          (excluded.code, excluded.kind, excluded.first_date, excluded.last_date, excluded.half, excluded.state,
           excluded.reference)
    returning 1
    """
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The present state of one leave or duty, first and last date included."""

    excuse_id: UUID
    employee_id: UUID
    code: str
    kind: ExcuseKind
    first_date: date
    last_date: date
    half: Half
    state: ExcuseState
    reference: str | None


async def put_excuse(session: AsyncSession, decision: Decision, now: datetime) -> None:
    """Keeps a decision. Raises InvalidError, and ConflictError when the id is another officer's."""
    if EXCUSE_KINDS.get(decision.code) is not decision.kind:
        known = ", ".join(f"{code} ({kind.value})" for code, kind in EXCUSE_KINDS.items())
        raise InvalidError(f"`code` and `kind` do not fit. The codes are: {known}.")
    days = (decision.last_date - decision.first_date).days + 1
    if not 1 <= days <= DAYS_MAX:
        raise InvalidError(f"`last_date` is from `first_date` on, and a decision covers at most {DAYS_MAX} days.")
    before: Any = (await session.execute(_LOCK, {"id": decision.excuse_id})).first()
    if before is not None and before.employee_id != decision.employee_id:
        raise ConflictError("This excuse_id is another officer's: give a new decision a new id.")
    values = {
        "id": decision.excuse_id,
        "employee_id": decision.employee_id,
        "code": decision.code,
        "kind": decision.kind.value,
        "first_date": decision.first_date,
        "last_date": decision.last_date,
        "half": decision.half.value,
        "state": decision.state.value,
        "reference": decision.reference,
        "now": now,
    }
    if (await session.execute(_PUT, values)).first() is None:
        return
    for covered in (before, decision):
        if covered is not None:
            await mark_employee(session, decision.employee_id, covered.first_date, covered.last_date)
