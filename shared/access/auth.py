"""Authentication: the caller is the operator, or holds an API key `<id>.<secret>`, of which a SHA-256 is stored."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.base.clock import Clock
from shared.db.database import fault_of, is_transient
from shared.errors.errors import ForbiddenError, UnauthorizedError
from shared.observability.logs import logger

__all__ = ["CACHE_SECONDS", "OPERATOR", "Authenticator", "Principal", "requires", "secret_digest"]

log = logger(__name__)

CACHE_SECONDS = 5.0
"""How long a process that has just used a key may still accept it after it is revoked."""
LAST_USE = timedelta(minutes=1)
"""The resolution of a key's last use: storing each use would turn every read into a write."""
_CACHE_ENTRIES_MAX = 10_000
_NO_DIGEST = bytes(32)

_bearer = HTTPBearer(
    auto_error=False,
    description="An API key, or the operator's key, which may do everything. Each operation names the scopes, of which a"
    " key needs one; an operation without a scope is the operator's.",
)
Transact = Callable[[Callable[[AsyncSession], Coroutine[Any, Any, Any]]], Coroutine[Any, Any, Any]]

_VALID_KEY = text(
    """
    select id, name, scopes, employee_id, org_unit_ids, machines, secret_sha256, expires_at, last_used_at
    from api_key where id = :id and revoked_at is null
    """
)
_SET_USED = text(
    "update api_key set last_used_at = :now where id = :id and (last_used_at is null or last_used_at <= :before)"
)


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller and its rights."""

    name: str
    scopes: frozenset[str] = frozenset()
    employee_id: UUID | None = None
    """The officer for whom the key acts; None for a system's key."""
    org_unit_ids: frozenset[str] | None = None
    """The units that the key may read; None for all."""
    machines: frozenset[str] = frozenset()
    """The serials that the key may write for."""
    is_operator: bool = False

    def has(self, scope: str) -> bool:
        """Whether the caller may do what the scope allows."""
        return self.is_operator or scope in self.scopes

    def reaches_unit(self, org_unit_id: str | None) -> bool:
        """Whether data of this unit may be read. A limited key does not read data without a unit."""
        return self.org_unit_ids is None or org_unit_id in self.org_unit_ids

    @property
    def units(self) -> list[str] | None:
        """For SQL: the units that may be read, null for all."""
        return None if self.org_unit_ids is None else sorted(self.org_unit_ids)


OPERATOR = Principal("operator", is_operator=True)


def secret_digest(secret: str) -> bytes:
    """The stored hash of a secret. A secret has 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


class Authenticator:
    """Checks keys: the operator's against the settings, all others against the service's `api_key` table."""

    def __init__(self, operator_key: str, clock: Clock) -> None:
        if len(operator_key) < 16:
            raise ValueError("KINERJA_OPERATOR_KEY is shorter than 16 characters: make a longer one")
        self._operator = secret_digest(operator_key)
        self._clock = clock
        self._cache: dict[bytes, tuple[float, datetime, Principal]] = {}

    async def principal(self, token: str, transact: Transact) -> Principal | None:
        """The key's holder; None for a key that is unknown, revoked or expired."""
        digest = secret_digest(token)
        if hmac.compare_digest(digest, self._operator):
            return OPERATOR
        cached = self._cache.get(digest)
        if cached is not None and time.monotonic() - cached[0] < CACHE_SECONDS:
            return cached[2] if self._clock.now() < cached[1] else None
        key_id, _, secret = token.partition(".")
        try:
            identifier = UUID(key_id)
        except ValueError:
            return None
        row = await transact(lambda session: _find(session, identifier))
        # Compare even for an unknown id: the response time must not reveal whether the id exists.
        known = hmac.compare_digest(secret_digest(secret), _NO_DIGEST if row is None else row.secret_sha256)
        now = self._clock.now()
        if row is None or not known or row.expires_at <= now:
            return None
        principal = Principal(
            name=row.name,
            scopes=frozenset(row.scopes),
            employee_id=row.employee_id,
            org_unit_ids=None if row.org_unit_ids is None else frozenset(row.org_unit_ids),
            machines=frozenset(row.machines or ()),
        )
        if row.last_used_at is None or row.last_used_at <= now - LAST_USE:
            await self._note_use(identifier, now, transact)
        if len(self._cache) >= _CACHE_ENTRIES_MAX:
            self._cache.clear()
        self._cache[digest] = (time.monotonic(), row.expires_at, principal)
        return principal

    def forget(self) -> None:
        """Clears the cache, for the process that has just revoked a key."""
        self._cache.clear()

    async def _note_use(self, identifier: UUID, now: datetime, transact: Transact) -> None:
        values = {"id": identifier, "now": now, "before": now - LAST_USE}
        try:
            await transact(lambda session: session.execute(_SET_USED, values))
        except Exception as error:
            if not is_transient(error):
                raise
            # A database that takes no writes (a full disk) still answers reads: skip the update, serve the caller.
            log.warning("key_use_not_noted", **fault_of(error))


async def _find(session: AsyncSession, identifier: UUID) -> Any:
    return (await session.execute(_VALID_KEY, {"id": identifier})).first()


def requires(*scopes: str) -> Any:
    """A dependency that accepts the operator and keys with one of the scopes, and returns the Principal."""

    async def check(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        context = request.app.context
        if credentials is None:
            raise UnauthorizedError("Send the key in the header: Authorization: Bearer <key>.")
        principal: Principal | None = await context.authenticator.principal(credentials.credentials, context.transact)
        if principal is None:
            raise UnauthorizedError(
                "This key is not known, was revoked or has expired. Ask the operator for a new one."
            )
        if not principal.is_operator and principal.scopes.isdisjoint(scopes):
            if not scopes:
                raise ForbiddenError("This needs the operator's key.")
            raise ForbiddenError(f"This needs a key with the scope {' or '.join(scopes)}.")
        return principal

    return Security(check, scopes=list(scopes))
