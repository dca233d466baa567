"""Stored API keys: created, listed, rotated with an overlap, revoked. The token is shown once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, RowMapping, String, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from shared.access.auth import secret_digest
from shared.base.ids import new_id
from shared.db.database import utc_field
from shared.db.shared_tables import SharedTable
from shared.errors.errors import ConflictError, InvalidError, NotFoundError

__all__ = [
    "KEY_LIFE",
    "KEY_LIFE_MAX",
    "OVERLAP",
    "ApiKey",
    "IssuedKey",
    "KeyState",
    "Rights",
    "issue",
    "key_of",
    "page_of_keys",
    "revoke",
    "rotate",
    "state_of",
]

KEY_LIFE = timedelta(days=365)
KEY_LIFE_MAX = timedelta(days=5 * 365)
OVERLAP = timedelta(days=7)
"""How long a replaced key continues to work by default."""

KeyState = Literal["active", "replaced", "expired", "revoked"]
"""`replaced`: a newer key has replaced it, and it works until it expires."""

_TOKEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})")
_COLUMNS = "id, name, scopes, employee_id, org_unit_ids, machines, created_at, expires_at, last_used_at, revoked_at, replaced_by"
_INSERT_KEY = text(
    f"""
    insert into api_key (id, name, scopes, employee_id, org_unit_ids, machines, secret_sha256, created_at, expires_at)
    values (:id, :name, :scopes, :employee_id, :org_unit_ids, :machines, :secret, :now, :expires_at)
    on conflict (id) do nothing returning {_COLUMNS}
    """
)
# Read committed: after waiting for the lock, a session sees what the previous holder committed.
_LOCK_NAME = text("select pg_advisory_xact_lock(hashtextextended('api_key/' || lower(cast(:name as text)), 0))")
_NAME_TAKEN = text(
    "select 1 from api_key where lower(name) = lower(:name) and id <> :id and revoked_at is null and expires_at > :now limit 1"
)
_KEY_PAGE = text(f"select {_COLUMNS} from api_key where id > :after order by id limit :most")
_KEY = text(f"select {_COLUMNS} from api_key where id = :id")
_KEY_FOR_UPDATE = text(f"select {_COLUMNS} from api_key where id = :id for update")
_SET_REPLACED = text("update api_key set replaced_by = :by, expires_at = least(expires_at, :until) where id = :id")
_REVOKE_KEY = text("update api_key set revoked_at = coalesce(revoked_at, :now) where id = :id returning id")
_UNKNOWN = "There is no such key. List the keys to see their ids."


class ApiKey(SharedTable, table=True):
    __tablename__ = "api_key"

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=100)
    scopes: list[str] = Field(sa_type=ARRAY(String))
    employee_id: UUID | None = None
    """The officer for whom the key acts (a supervisor's key); null for a system's key."""
    org_unit_ids: list[str] | None = Field(default=None, sa_type=ARRAY(String), nullable=True)
    """The units that it may read; null for all."""
    machines: list[str] | None = Field(default=None, sa_type=ARRAY(String), nullable=True)
    """The serials that it may write for; null for none."""
    secret_sha256: bytes
    created_at: datetime = utc_field()
    expires_at: datetime = utc_field()
    last_used_at: datetime | None = utc_field(default=None, nullable=True)
    """Exact to a minute."""
    revoked_at: datetime | None = utc_field(default=None, nullable=True)
    replaced_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights of a new key."""

    name: str
    scopes: Sequence[str]
    employee_id: UUID | None = None
    org_unit_ids: Sequence[str] | None = None
    machines: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; `token` is shown only once."""

    id: UUID
    token: str
    expires_at: datetime


def state_of(row: RowMapping, now: datetime) -> KeyState:
    """The state of a key."""
    if row["revoked_at"] is not None:
        return "revoked"
    if row["expires_at"] <= now:
        return "expired"
    return "active" if row["replaced_by"] is None else "replaced"


async def issue(
    session: AsyncSession,
    rights: Rights,
    now: datetime,
    *,
    expires_at: datetime | None = None,
    token: str | None = None,
) -> IssuedKey:
    """Creates a key. With `token`, the token that another service has just created, so that one key works in both.

    A name belongs to one holder: earlier requests (Idempotency-Keys) are found by the name, also after a rotation. Raises
    InvalidError for an expiry in the past or too far ahead, and for a malformed token; ConflictError for a token that
    exists here, and for the name of another active key (case-insensitive).
    """
    identifier, secret = _new_or_read(token)
    await session.execute(_LOCK_NAME, {"name": rights.name})
    taken = {"name": rights.name, "id": identifier, "now": now}
    if (await session.execute(_NAME_TAKEN, taken)).first() is not None:
        raise ConflictError(
            "An active key has this name. Choose another name for another holder, or rotate that key (`kinerja keys list`)."
        )
    return await _insert(session, rights, now, identifier, secret, expires_at)


async def _insert(
    session: AsyncSession, rights: Rights, now: datetime, identifier: UUID, secret: str, expires_at: datetime | None
) -> IssuedKey:
    end = now + KEY_LIFE if expires_at is None else expires_at
    if not now < end <= now + KEY_LIFE_MAX:
        raise InvalidError(f"`expires_at` must be in the future, at most {KEY_LIFE_MAX.days} days ahead.")
    values = {
        "id": identifier,
        "name": rights.name,
        "scopes": sorted(set(rights.scopes)),
        "employee_id": rights.employee_id,
        "org_unit_ids": _distinct(rights.org_unit_ids),
        "machines": _distinct(rights.machines),
        "secret": secret_digest(secret),
        "now": now,
        "expires_at": end,
    }
    if (await session.execute(_INSERT_KEY, values)).first() is None:
        raise ConflictError("This key already exists here. Leave `token` out to create another one.")
    return IssuedKey(identifier, f"{identifier}.{secret}", end)


async def rotate(
    session: AsyncSession,
    identifier: UUID,
    now: datetime,
    *,
    overlap: timedelta = OVERLAP,
    expires_at: datetime | None = None,
    token: str | None = None,
) -> IssuedKey:
    """Creates a key with the same rights and duration; the old one works until `overlap` is over.

    Both have the same name. Raises NotFoundError, ConflictError for a key that is not active or a token that exists here,
    and InvalidError as `issue` does.
    """
    old = (await session.execute(_KEY_FOR_UPDATE, {"id": identifier})).mappings().first()
    if old is None:
        raise NotFoundError(_UNKNOWN)
    state = state_of(old, now)
    if state in ("expired", "revoked"):
        raise ConflictError(f"This key is {state}: create a new one.")
    rights = Rights(old["name"], old["scopes"], old["employee_id"], old["org_unit_ids"], old["machines"])
    end = expires_at or now + min(max(old["expires_at"] - old["created_at"], OVERLAP), KEY_LIFE_MAX)
    made = await _insert(session, rights, now, *_new_or_read(token), end)
    await session.execute(_SET_REPLACED, {"id": identifier, "by": made.id, "until": now + overlap})
    return made


async def revoke(session: AsyncSession, identifier: UUID, now: datetime) -> None:
    """Revokes a key, within seconds in every process. Raises NotFoundError."""
    if (await session.execute(_REVOKE_KEY, {"id": identifier, "now": now})).first() is None:
        raise NotFoundError(_UNKNOWN)


async def key_of(session: AsyncSession, identifier: UUID) -> RowMapping:
    """A key without its secret. Raises NotFoundError."""
    row = (await session.execute(_KEY, {"id": identifier})).mappings().first()
    if row is None:
        raise NotFoundError(_UNKNOWN)
    return row


async def page_of_keys(session: AsyncSession, after: UUID, most: int) -> list[RowMapping]:
    """Keys without their secrets, in the order of their ids."""
    return list((await session.execute(_KEY_PAGE, {"after": after, "most": most})).mappings())


def _new_or_read(token: str | None) -> tuple[UUID, str]:
    """(id, secret). Raises InvalidError for a malformed token."""
    if token is None:
        return new_id(), secrets.token_urlsafe(32)
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise InvalidError(
            "`token` must be a token that another service has created. Leave it out to create a new one."
        )
    return UUID(found[1]), found[2]


def _distinct(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else sorted(set(values))
