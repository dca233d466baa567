"""Visits and the single vote of each visit.

Nobody can join a vote with its visit: the visit stores only that it was used; the answers go into an encrypted box.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.ratings.ballot_boxes import BallotBoxes, Target
from services.feedback.ratings.rules.ballots import Ballot, cast, minute_of
from shared.errors.errors import ConflictError, GoneError, InvalidError, NotFoundError
from shared.service.context import Context

__all__ = ["find_visit", "make_visit", "vote"]

_EMPLOYEE = text(
    "select org_unit_id from employee where employee_id = :id and (active_to is null or active_to >= :today)"
)
_MAKE = text(
    """
    insert into visit (visit_id, token_hmac, employee_id, org_unit_id, service, weight_class, created_at, expires_at, used,
                       idempotency_sha256, request_sha256)
    values (:visit_id, :token_hmac, :employee_id, :org_unit_id, :service, :weight_class, :now, :expires_at, false,
            :idempotency_sha256, :request_sha256)
    on conflict (idempotency_sha256) do nothing
    returning visit_id
    """
)
_KNOWN = text(
    "select visit_id, token_hmac, expires_at, used, request_sha256 from visit where idempotency_sha256 = :key"
)
_FIND = text(
    """
    select v.*, e.name, coalesce(e.org_unit_name, v.org_unit_id) as unit_name
    from visit v left join employee e using (employee_id) where token_hmac = :token
    """
)
# Atomic: of two concurrent votes, only one updates the row.
_USE = text("update visit set used = true where visit_id = :visit_id and not used returning visit_id")
_NEW = "send the request again with a new Idempotency-Key for a new link"
_DEAD = {
    "used": f"was used: one visit, one vote. For another visit, {_NEW}",
    "expired": f"has expired: {_NEW}",
    "other_key": f"was made with an earlier link_key and no longer opens: {_NEW}",
}


def _token(context: Context, visit_id: UUID, salt: str) -> str:
    return base64.urlsafe_b64encode(_hmac(context, f"visit/{visit_id}/{salt}")).decode().rstrip("=")


def _kept(context: Context, token: str) -> bytes:
    """The stored HMAC of a token. Links made with an earlier link_key are no longer found."""
    return _hmac(context, f"visit-token/{token}")


def _hmac(context: Context, words: str) -> bytes:
    key = context.settings.link_key.get_secret_value().encode()
    return hmac.new(key, words.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _digest(words: str) -> bytes:
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest()


async def make_visit(
    context: Context,
    session: AsyncSession,
    visit: Any,
    *,
    valid: timedelta,
    idempotency_key: str | None,
    request: bytes,
    now: datetime,
) -> tuple[UUID, str, datetime]:
    """Returns (visit_id, token, expires_at); the same result for the same idempotency key and request.

    Raises InvalidError for an unknown officer, and for a key that was used with another request; ConflictError for a key
    whose link no longer opens, so that no citizen gets a dead link.
    """
    unit = visit.org_unit_id
    if visit.employee_id is not None:
        who = {"id": visit.employee_id, "today": now.astimezone(context.zone).date()}
        unit = (await session.execute(_EMPLOYEE, who)).scalar_one_or_none()
        if unit is None:
            raise InvalidError("`employee_id`: the roster has no such active officer.")
    # With an idempotency key the token can be derived again for a retry; without one it is random.
    salt = idempotency_key or secrets.token_urlsafe(24)
    visit_id = uuid4()
    token = _token(context, visit_id, salt)
    values = {
        "visit_id": visit_id,
        "token_hmac": _kept(context, token),
        "employee_id": visit.employee_id,
        "org_unit_id": unit,
        "service": visit.service,
        "weight_class": visit.weight_class,
        "now": now,
        "expires_at": now + valid,
        "idempotency_sha256": _digest(idempotency_key) if idempotency_key else None,
        "request_sha256": hashlib.sha256(request).digest(),
    }
    if (await session.execute(_MAKE, values)).first() is not None:
        return visit_id, token, now + valid
    known = (await session.execute(_KNOWN, {"key": values["idempotency_sha256"]})).one()
    if known.request_sha256 != values["request_sha256"]:
        raise InvalidError("This Idempotency-Key was used with another request: use a new key.")
    token = _token(context, known.visit_id, salt)
    if known.used:
        raise ConflictError(f"The link of this Idempotency-Key {_DEAD['used']}.")
    if known.expires_at <= now:
        raise ConflictError(f"The link of this Idempotency-Key {_DEAD['expired']}.")
    if not hmac.compare_digest(_kept(context, token), known.token_hmac):
        raise ConflictError(f"The link of this Idempotency-Key {_DEAD['other_key']}.")
    return known.visit_id, token, known.expires_at


async def find_visit(context: Context, session: AsyncSession, token: str) -> Any:
    """The visit of a link that may still vote. Raises NotFoundError or GoneError with a message for the citizen."""
    row = (await session.execute(_FIND, {"token": _kept(context, token)})).mappings().first()
    if row is None:
        raise NotFoundError("Tautan ini tidak dikenal. Periksa kembali tautan pada struk kunjungan Anda.")
    if row["used"]:
        raise GoneError("Penilaian untuk kunjungan ini sudah diterima. Terima kasih.")
    if row["expires_at"] <= context.clock.now():
        raise GoneError("Tautan ini sudah kedaluwarsa.")
    return row


async def vote(
    context: Context,
    boxes: BallotBoxes,
    session: AsyncSession,
    token: str,
    ratings: dict[str, int],
    *,
    suspicious: bool,
) -> None:
    """Marks the visit as used and puts the ballot into its target's box, in one transaction. Raises like find_visit.

    Publishes nothing: see publication.py.
    """
    visit = await find_visit(context, session, token)
    if (await session.execute(_USE, {"visit_id": visit["visit_id"]})).first() is None:
        raise GoneError("Penilaian untuk kunjungan ini sudah diterima. Terima kasih.")
    now = context.clock.now()
    target = Target(visit["employee_id"], visit["org_unit_id"], visit["weight_class"])
    content = cast(
        await boxes.take(session, target),
        Ballot(now.astimezone(context.zone).date(), ratings),
        boxes.rules,
        minute=None if target.employee_id is None else minute_of(now),
        suspicious=suspicious,
        batch_id=uuid4(),
    )
    await boxes.keep(session, target, content)
