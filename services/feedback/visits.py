"""Visits and the one vote that each may give."""

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

from services.feedback.domain.intake_rules import IntakeRules
from services.feedback.feedback import keep
from shared.context import Context
from shared.contracts.feedback import FeedbackRecord
from shared.errors import GoneError, InvalidError, NotFoundError

__all__ = ["find_visit", "make_visit", "vote"]

_EMPLOYEE = text(
    "select org_unit_id from employee where employee_id = :id and (active_to is null or active_to >= :today)"
)
_MAKE = text(
    """
    insert into visit (visit_id, token_sha256, employee_id, org_unit_id, service, weight_class, created_at, expires_at,
                       idempotency_sha256, request_sha256)
    values (:visit_id, :token_sha256, :employee_id, :org_unit_id, :service, :weight_class, :now, :expires_at,
            :idempotency_sha256, :request_sha256)
    on conflict (idempotency_sha256) do nothing
    returning visit_id
    """
)
_KNOWN = text("select visit_id, expires_at, request_sha256 from visit where idempotency_sha256 = :key")
_FIND = text(
    """
    select v.*, e.name, coalesce(e.org_unit_name, v.org_unit_id) as unit_name
    from visit v left join employee e using (employee_id) where token_sha256 = :token
    """
)
# One statement decides: of two votes at once, one finds the row used.
_USE = text("update visit set used_on = :today where visit_id = :visit_id and used_on is null returning visit_id")
# Votes for one officer wait for each other: votes at once would not see one another, and a burst comes at once.
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended(cast(:employee as text), 0))")
_RECENT = text(
    "select count(*) from feedback where employee_id = :employee and kind = 'citizen_rating' and given_at > :since"
)


def _token(context: Context, visit_id: UUID, salt: str) -> str:
    key = context.settings.link_key.get_secret_value().encode()
    digest = hmac.new(key, f"visit/{visit_id}/{salt}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


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
    """(visit_id, token, expires_at). The same idempotency key and request give the same answer again.

    Raises InvalidError for an unknown officer, and for a key that came with another request.
    """
    unit = visit.org_unit_id
    if visit.employee_id is not None:
        who = {"id": visit.employee_id, "today": now.astimezone(context.zone).date()}
        unit = (await session.execute(_EMPLOYEE, who)).scalar_one_or_none()
        if unit is None:
            raise InvalidError("`employee_id`: no such officer is on the roster, or not any more.")
    # With a key the token can be made again for the repeated answer; without one it is made of chance alone.
    salt = idempotency_key or secrets.token_urlsafe(24)
    visit_id = uuid4()
    token = _token(context, visit_id, salt)
    values = {
        "visit_id": visit_id,
        "token_sha256": _digest(token),
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
        raise InvalidError("This Idempotency-Key came with another request before: use a new key.")
    return known.visit_id, _token(context, known.visit_id, salt), known.expires_at


async def find_visit(session: AsyncSession, token: str, now: datetime) -> Any:
    """The visit of a link that may still vote. Raises NotFoundError or GoneError, in the citizen's words."""
    row = (await session.execute(_FIND, {"token": _digest(token)})).mappings().first()
    if row is None:
        raise NotFoundError("Tautan ini tidak dikenal. Periksa kembali tautan pada struk kunjungan Anda.")
    if row["used_on"] is not None:
        raise GoneError("Penilaian untuk kunjungan ini sudah diterima. Terima kasih.")
    if row["expires_at"] <= now:
        raise GoneError("Tautan ini sudah kedaluwarsa.")
    return row


async def vote(
    context: Context,
    session: AsyncSession,
    token: str,
    ratings: dict[str, int],
    rules: IntakeRules,
    *,
    suspicious: bool,
    now: datetime,
) -> None:
    """Uses the visit and keeps the rating, in one transaction. Raises like find_visit."""
    visit = await find_visit(session, token, now)
    local = now.astimezone(context.zone)
    if (await session.execute(_USE, {"today": local.date(), "visit_id": visit["visit_id"]})).first() is None:
        raise GoneError("Penilaian untuk kunjungan ini sudah diterima. Terima kasih.")
    reason = "HONEYPOT" if suspicious else await _burst(session, visit["employee_id"], rules, now)
    record = FeedbackRecord.model_validate(
        {
            "revision": 1,
            "recorded_at": now,
            "feedback_id": uuid4(),  # chance alone: neither the visit nor the time can be read from it
            "kind": "citizen_rating",
            "state": "accepted" if reason is None else "quarantined",
            "employee_id": visit["employee_id"],
            "org_unit_id": visit["org_unit_id"],
            "service": visit["service"],
            "given_at": local.replace(microsecond=0),
            "ratings": ratings,
            "weight_class": visit["weight_class"],
        }
    )
    await keep(context, session, record, reason=reason)


async def _burst(session: AsyncSession, employee_id: UUID | None, rules: IntakeRules, now: datetime) -> str | None:
    if employee_id is None:
        return None
    await session.execute(_ONE_AT_A_TIME, {"employee": str(employee_id)})
    recent = await session.execute(_RECENT, {"employee": employee_id, "since": now - rules.burst_span})
    return "BURST" if recent.scalar_one() >= rules.burst_ratings else None
