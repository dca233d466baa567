"""Leave and duty decisions. Each one enqueues the days it covers, even if they are long past."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import select

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_spans
from services.attendance.leave.rules.codes import EXCUSE_KINDS
from services.attendance.leave.rules.excuse import ExcuseKind, ExcuseState, Half
from services.attendance.leave.rules.moves import NEEDS_REASON, may_follow
from services.attendance.leave.tables import Excuse, ExcuseDecision
from shared.errors.errors import ConflictError, InvalidError

__all__ = ["Decision", "put_excuse"]

DAYS_MAX = 1_100
"""Three years: the longest leave that exists."""

# Locks the id: without it, two concurrent first decisions could both find no earlier one.
LOCK_EXCUSE_ID = text("select pg_advisory_xact_lock(hashtextextended(cast(:id as text), 11))")


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
    await change.session.execute(LOCK_EXCUSE_ID, {"id": str(decision.excuse_id)})
    stored = await change.session.get(Excuse, decision.excuse_id)
    before = None if stored is None else _decision_of(stored)
    if before is not None and replace(before, kind=decision.kind) == decision:
        return
    _check_move(before, decision)
    values = asdict(decision) | {
        "kind": decision.kind.value,
        "half": decision.half.value,
        "state": decision.state.value,
    }
    await change.session.merge(Excuse(**values, decided_at=change.now))
    last = select(func.max(ExcuseDecision.position)).where(ExcuseDecision.excuse_id == decision.excuse_id)
    position = ((await change.session.scalars(last)).one() or 0) + 1
    recorded = {"position": position, "recorded_by": recorded_by, "recorded_at": change.now}
    change.session.add(ExcuseDecision.model_validate(values | recorded))
    covered = [span for span in (before, decision) if span is not None]
    await enqueue_spans(change, [(decision.employee_id, each.first_date, each.last_date) for each in covered])


def _decision_of(excuse: Excuse) -> Decision:
    """The decision that made the stored state."""
    states = {"kind": ExcuseKind(excuse.kind), "half": Half(excuse.half), "state": ExcuseState(excuse.state)}
    return Decision(**excuse.model_dump(exclude={"decided_at"}) | states)


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


def _check_move(before: Decision | None, decision: Decision) -> None:
    if before is None:
        if not may_follow(None, decision.state):
            raise ConflictError("There is no approved excuse with this excuse_id to revoke.")
        return
    if before.employee_id != decision.employee_id:
        raise ConflictError("This excuse_id belongs to another officer. Use a new id for a new decision.")
    if not may_follow(before.state, decision.state):
        raise ConflictError(
            f"It is {before.state.value} and cannot become {decision.state.value} or be changed: requested becomes approved or"
            " rejected, approved becomes revoked. A later decision needs a new request with a new excuse_id."
        )
