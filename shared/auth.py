"""API keys: a bearer token `<id>.<secret>`, shown once and stored as a SHA-256 (the secret has 256 random bits)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from shared.clock import Clock
from shared.database import utc_field
from shared.errors import ForbiddenError, NotFoundError, UnauthorizedError
from shared.ids import new_id

__all__ = ["ApiKeyColumns", "Authenticator", "IssuedKey", "Principal", "requires"]

OPERATOR = "operator"
CACHE_SECONDS = 5.0  # the longest that a revoked key goes on working

_bearer = HTTPBearer(auto_error=False, description="An API key, or the operator's key.")


class ApiKeyColumns(SQLModel):
    """Columns of the `api_key` table."""

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=100)
    scope: str = Field(max_length=50)
    employee_id: UUID | None = None
    """The officer for whom the key acts (a supervisor's key); null for a system's key."""
    secret_sha256: bytes
    created_at: datetime = utc_field()
    revoked_at: datetime | None = utc_field(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks."""

    name: str
    scope: str
    employee_id: UUID | None = None

    operator: ClassVar[str] = OPERATOR

    @property
    def is_operator(self) -> bool:
        return self.scope == OPERATOR


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; `token` is told this once only."""

    id: UUID
    token: str


class Authenticator:
    """Knows the operator's key from the settings and all others from the service's `api_key` table."""

    def __init__(self, operator_key: str, clock: Clock) -> None:
        if len(operator_key) < 16:
            raise ValueError("KINERJA_OPERATOR_KEY is shorter than 16 characters: make a longer one")
        self._operator = hashlib.sha256(operator_key.encode()).digest()
        self._clock = clock
        self._cache: dict[bytes, tuple[float, Principal]] = {}

    async def principal(
        self,
        token: str,
        transact: Callable[[Callable[[AsyncSession], Coroutine[Any, Any, Any]]], Coroutine[Any, Any, Any]],
    ) -> Principal | None:
        """The key's holder; None for an unknown or revoked key."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        if hmac.compare_digest(digest, self._operator):
            return Principal("operator", OPERATOR)
        cached = self._cache.get(digest)
        if cached is not None and time.monotonic() - cached[0] < CACHE_SECONDS:
            return cached[1]
        key_id, _, secret = token.partition(".")
        try:
            identifier = UUID(key_id)
        except ValueError:
            return None
        row = await transact(lambda session: _find(session, identifier))
        secret_digest = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
        if row is None or not hmac.compare_digest(secret_digest, row.secret_sha256):
            return None
        principal = Principal(row.name, row.scope, row.employee_id)
        if len(self._cache) > 10_000:
            self._cache.clear()
        self._cache[digest] = (time.monotonic(), principal)
        return principal

    async def issue(
        self, session: AsyncSession, *, name: str, scope: str, employee_id: UUID | None = None
    ) -> IssuedKey:
        """Makes a key with one scope."""
        identifier, secret = new_id(), secrets.token_urlsafe(32)
        await session.execute(
            text(
                "insert into api_key (id, name, scope, employee_id, secret_sha256, created_at)"
                " values (:id, :name, :scope, :employee_id, :secret, :now)"
            ),
            {
                "id": identifier,
                "name": name,
                "scope": scope,
                "employee_id": employee_id,
                "secret": hashlib.sha256(secret.encode()).digest(),
                "now": self._clock.now(),
            },
        )
        return IssuedKey(identifier, f"{identifier}.{secret}")

    async def revoke(self, session: AsyncSession, identifier: UUID) -> None:
        """Ends a key, within CACHE_SECONDS in every process. Raises NotFoundError."""
        found = await session.execute(
            text("update api_key set revoked_at = coalesce(revoked_at, :now) where id = :id returning id"),
            {"id": identifier, "now": self._clock.now()},
        )
        if found.first() is None:
            raise NotFoundError("There is no such key. List the keys to see their ids.")
        self._cache.clear()


async def _find(session: AsyncSession, identifier: UUID) -> Any:
    query = text("select name, scope, employee_id, secret_sha256 from api_key where id = :id and revoked_at is null")
    return (await session.execute(query, {"id": identifier})).first()


def requires(*scopes: str) -> Any:
    """A dependency that lets the operator and keys with one of the scopes in, and gives the Principal."""

    async def check(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> Principal:
        context = request.app.state.context
        if credentials is None:
            raise UnauthorizedError("Send the key in the header: Authorization: Bearer <key>.")
        principal: Principal | None = await context.authenticator.principal(credentials.credentials, context.transact)
        if principal is None:
            raise UnauthorizedError("This key is not known or was revoked. Ask the operator for a new one.")
        if not principal.is_operator and principal.scope not in scopes:
            raise ForbiddenError(f"This needs a key with the scope {' or '.join(scopes or (OPERATOR,))}.")
        return principal

    return Depends(check)
