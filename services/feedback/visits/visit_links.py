"""Visits and their one-use links.

The database stores only an HMAC of a link's token, under the link key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.feedback.people.rules.employment import is_active
from services.feedback.people.tables import Employee
from services.feedback.visits.queries import INSERT_VISIT
from services.feedback.visits.rules.links import link_fault
from services.feedback.visits.tables import Visit
from shared.errors.errors import ConflictError, InvalidError
from shared.service.context import Context

__all__ = ["VisitLink", "VisitRequest", "make_visit", "stored_token"]

_NEW = "send the request again with a new Idempotency-Key for a new link"
_FAULTS = {
    "used": f"was used: one visit, one vote. For another visit, {_NEW}",
    "expired": f"has expired: {_NEW}",
    "other_key": f"was made with an earlier link_key and no longer opens: {_NEW}",
}


@dataclass(frozen=True, slots=True)
class VisitRequest:
    """A visit as a system at the counter asks for it. `body` identifies the request when it is repeated."""

    employee_id: UUID | None
    org_unit_id: str | None
    service: str
    weight_class: str
    valid: timedelta
    idempotency_key: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class VisitLink:
    """The link of a visit."""

    visit_id: UUID
    token: str
    expires_at: datetime


async def make_visit(context: Context, session: AsyncSession, request: VisitRequest) -> VisitLink:
    """Creates a visit and its link; returns the same link for the same idempotency key and request.

    Raises InvalidError for an unknown officer, and for a key that was used with another request; ConflictError for a key
    whose link no longer opens, so that no citizen gets a dead link.
    """
    now = context.clock.now()
    # With an idempotency key the token can be derived again for a retry; without one it is random.
    salt = request.idempotency_key or secrets.token_urlsafe(24)
    link = _link(context, uuid4(), salt, now + request.valid)
    values = {
        "visit_id": link.visit_id,
        "token_hmac": stored_token(context, link.token),
        "employee_id": request.employee_id,
        "org_unit_id": await _unit(context, session, request, now),
        "service": request.service,
        "weight_class": request.weight_class,
        "now": now,
        "expires_at": link.expires_at,
        "idempotency_sha256": _digest(request.idempotency_key) if request.idempotency_key else None,
        "request_sha256": hashlib.sha256(request.body).digest(),
    }
    if await INSERT_VISIT.first(session, values) is not None:
        return link
    same_key = select(Visit).where(col(Visit.idempotency_sha256) == values["idempotency_sha256"])
    known = (await session.scalars(same_key)).one()
    if known.request_sha256 != values["request_sha256"]:
        raise InvalidError("This Idempotency-Key was used with another request: use a new key.")
    link = _link(context, known.visit_id, salt, known.expires_at)
    fault: str | None = link_fault(used=known.used, expires_at=known.expires_at, now=now)
    if fault is None and not hmac.compare_digest(stored_token(context, link.token), known.token_hmac):
        fault = "other_key"
    if fault is not None:
        raise ConflictError(f"The link of this Idempotency-Key {_FAULTS[fault]}.")
    return link


def stored_token(context: Context, token: str) -> bytes:
    """The stored HMAC of a token. Links made with an earlier link_key are no longer found."""
    return _hmac(context, f"visit-token/{token}")


async def _unit(context: Context, session: AsyncSession, request: VisitRequest, now: datetime) -> str | None:
    """The visited unit: the officer's, or the requested one. Raises InvalidError."""
    if request.employee_id is None:
        return request.org_unit_id
    officer = await session.get(Employee, request.employee_id)
    if officer is None or not is_active(officer.active_to, context.date_of(now)):
        raise InvalidError("`employee_id`: the roster has no such active officer.")
    return officer.org_unit_id


def _link(context: Context, visit_id: UUID, salt: str, expires_at: datetime) -> VisitLink:
    token = base64.urlsafe_b64encode(_hmac(context, f"visit/{visit_id}/{salt}")).decode().rstrip("=")
    return VisitLink(visit_id, token, expires_at)


def _hmac(context: Context, text: str) -> bytes:
    key = context.settings.link_key.get_secret_value().encode()
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
