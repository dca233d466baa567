"""Leave and duty decisions. Each one enqueues the days it covers, even if they are long past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.leave.rules.codes import EXCUSE_KINDS
from services.attendance.leave.rules.excuse import ExcuseKind, ExcuseState, Half
from services.attendance.leave.rules.moves import NEEDS_REASON, may_follow
from shared.errors.errors import ConflictError, InvalidError

__all__ = ["Decision", "put_excuse"]

DAYS_MAX = 1_100
"""Three years: the longest leave that exists."""

# Locks the id: without it, two concurrent first decisions could both find no earlier one.
_HOLD = text("select pg_advisory_xact_lock(hashtextextended(cast(:id as text), 11))")
_BEFORE = text(
    "select employee_id, code, first_date, last_date, half, state, reference, reason, decided_by from excuse"
    " where excuse_id = :id"
)
_PUT = text(
    """
    insert into excuse (excuse_id, employee_id, code, kind, first_date, last_date, half, state, reference, reason,
                        decided_by, decided_at)
    values (:id, :employee_id, :code, :kind, :first_date, :last_date, :half, :state, :reference, :reason, :decided_by, :now)
    on conflict (excuse_id) do update set code = excluded.code, kind = excluded.kind, first_date = excluded.first_date,
        last_date = excluded.last_date, half = excluded.half, state = excluded.state, reference = excluded.reference,
        reason = excluded.reason, decided_by = excluded.decided_by, decided_at = excluded.decided_at
    """
)
_REMEMBER = text(
    """
    insert into excuse_decision (excuse_id, position, state, code, first_date, last_date, half, reference, reason,
                                 decided_by, recorded_by, recorded_at)
    select :id, coalesce(max(position), 0) + 1, :state, :code, cast(:first_date as date), cast(:last_date as date), :half,
           cast(:reference as varchar), cast(:reason as varchar), cast(:decided_by as uuid), cast(:recorded_by as varchar),
           cast(:now as timestamptz)
    from excuse_decision where excuse_id = :id
    """
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The present state of one leave or duty, both dates included; `decided_by` is the officer who decided."""

    excuse_id: UUID
    employee_id: UUID
    code: str
    kind: ExcuseKind
    first_date: date
    last_date: date
    half: Half
    state: ExcuseState
    reference: str | None = None
    reason: str | None = None
    decided_by: UUID | None = None


async def put_excuse(change: Change, decision: Decision, recorded_by: str) -> None:
    """Stores a decision and its history; the same decision again changes nothing.

    Raises InvalidError; ConflictError when the id belongs to another officer or the decision cannot follow the last one.
    """
    _check(decision)
    await change.session.execute(_HOLD, {"id": str(decision.excuse_id)})
    before: Any = (await change.session.execute(_BEFORE, {"id": decision.excuse_id})).first()
    values = {
        "employee_id": decision.employee_id,
        "code": decision.code,
        "first_date": decision.first_date,
        "last_date": decision.last_date,
        "half": decision.half.value,
        "state": decision.state.value,
        "reference": decision.reference,
        "reason": decision.reason,
        "decided_by": decision.decided_by,
    }
    if before is not None and dict(before._mapping) == values:  # noqa: SLF001 - a row's public way to a mapping
        return
    _check_move(before, decision)
    values |= {"id": decision.excuse_id, "kind": decision.kind.value, "now": change.now}
    await change.session.execute(_PUT, values)
    await change.session.execute(_REMEMBER, values | {"recorded_by": recorded_by})
    covered = [span for span in (before, decision) if span is not None]
    await enqueue_spans(change, [(decision.employee_id, each.first_date, each.last_date) for each in covered])


def _check(decision: Decision) -> None:
    if EXCUSE_KINDS.get(decision.code) is not decision.kind:
        known = ", ".join(f"{code} ({kind.value})" for code, kind in EXCUSE_KINDS.items())
        raise InvalidError(f"`code` and `kind` do not match. The codes are: {known}.")
    days = (decision.last_date - decision.first_date).days + 1
    if not 1 <= days <= DAYS_MAX:
        raise InvalidError(
            f"`last_date` must not be before `first_date`, and a decision covers at most {DAYS_MAX} days."
        )
    if decision.state in NEEDS_REASON and decision.reason is None:
        raise InvalidError(f"`reason` is required: the officer must see why the request is {decision.state.value}.")


def _check_move(before: Any, decision: Decision) -> None:
    if before is None:
        if not may_follow(None, decision.state):
            raise ConflictError("There is no approved excuse with this excuse_id to revoke.")
        return
    if before.employee_id != decision.employee_id:
        raise ConflictError("This excuse_id belongs to another officer. Use a new id for a new decision.")
    if not may_follow(ExcuseState(before.state), decision.state):
        raise ConflictError(
            f"It is {before.state} and cannot become {decision.state.value} or be changed: requested becomes approved or"
            " rejected, approved becomes revoked. A later decision needs a new request with a new excuse_id."
        )
