"""Links that open one officer's own page without a login: signed, valid for a limited time, stored so that they can be revoked.

A link's address contains a signed id and no data of the officer. Access to the database is not enough to create one (the
signing key is not in it), and a new signing key ends all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field

from shared.base.clock import Clock
from shared.base.ids import new_id
from shared.db.database import utc_field
from shared.db.shared_tables import SharedTable
from shared.errors.errors import GoneError, NotFoundError

__all__ = [
    "FROM_INBOX",
    "INBOX",
    "LINK_DAYS_MAX",
    "PAGE",
    "Link",
    "LinkKind",
    "LinkSource",
    "LinkState",
    "Links",
    "OfficerLink",
    "state_of",
]

LINK_DAYS_MAX = 366
LAST_USE = timedelta(minutes=1)
"""The resolution of a link's last use."""
KEPT_AFTER_END = timedelta(days=90)
"""How long a link's row, with its last use, is kept after it ended."""
HANDOVER_VALID = timedelta(seconds=60)
"""How long the redirect from an inbox to the officer's page is valid: allows for transfer time and clock differences."""
FROM_INBOX = timedelta(days=1)
"""How long a page that was opened from an inbox can be opened again by its own address."""

LinkSource = Literal["operator", "mail", "inbox"]
LinkState = Literal["active", "expired", "revoked"]

_UNKNOWN = "Tautan ini tidak dikenal."
_COLUMNS = "id, employee_id, source, created_at, expires_at, last_used_at, revoked_at"
_UPSERT_LINK = text(
    f"""
    insert into link as l (id, employee_id, source, created_at, expires_at)
    values (:id, :employee_id, :source, :now, :expires_at)
    on conflict (id) do update set expires_at = greatest(l.expires_at, excluded.expires_at)
    where l.revoked_at is null and l.employee_id = excluded.employee_id
    returning {_COLUMNS}
    """
)
_LINK = text("select employee_id, expires_at, revoked_at from link where id = :id")
_SET_USED = text(
    "update link set last_used_at = :now where id = :id and (last_used_at is null or last_used_at <= :before)"
)
_LINK_PAGE = text(
    f"""
    select {_COLUMNS} from link where id > :after and (cast(:employee as uuid) is null or employee_id = :employee)
    order by id limit :most
    """
)
_REVOKE_LINK = text("update link set revoked_at = coalesce(revoked_at, :now) where id = :id returning id")
_DELETE_EXPIRED = text("delete from link where least(expires_at, revoked_at) < :before")


class OfficerLink(SharedTable, table=True):
    """A link to an officer's page."""

    __tablename__ = "link"

    id: UUID = Field(primary_key=True)
    employee_id: UUID = Field(index=True)
    source: str
    created_at: datetime = utc_field()
    expires_at: datetime = utc_field()
    last_used_at: datetime | None = utc_field(default=None, nullable=True)
    """Exact to a minute. A mail server that opens the links in mails also counts; HEAD does not."""
    revoked_at: datetime | None = utc_field(default=None, nullable=True)


@dataclass(frozen=True, slots=True)
class LinkKind:
    """What a link opens. A token of one kind is not valid for another."""

    purpose: str
    path: str


PAGE = LinkKind("page", "/my")
"""The officer's score with its details; in scoring."""
INBOX = LinkKind("inbox", "/notices/inbox")
"""The officer's notices; in notifications."""


@dataclass(frozen=True, slots=True)
class Link:
    """An issued link. Anyone who has `url` can open the page."""

    id: UUID
    token: str
    url: str
    expires_at: datetime


def state_of(row: RowMapping, now: datetime) -> LinkState:
    """The state of a link."""
    if row["revoked_at"] is not None:
        return "revoked"
    return "expired" if row["expires_at"] <= now else "active"


class Links:
    """Issues and opens the links whose rows are in the session's database."""

    def __init__(self, key: str, public_url: str, clock: Clock, valid: timedelta) -> None:
        if len(key) < 16:
            raise ValueError("KINERJA_LINK_KEY is shorter than 16 characters: make a longer one")
        self._key = key
        self._clock = clock
        self._valid = valid
        self.public_url = public_url.rstrip("/")

    async def issue(
        self,
        session: AsyncSession,
        kind: LinkKind,
        employee_id: UUID,
        *,
        source: LinkSource,
        valid: timedelta | None = None,
        origin: UUID | None = None,
    ) -> Link:
        """A link to an officer's page. The same `origin` (a notice, an inbox link) gets the same link, valid for longer.

        Raises GoneError if the origin's link was revoked.
        """
        now = self._clock.now()
        values = {
            "id": new_id() if origin is None else uuid5(origin, f"{kind.purpose}/{source}"),
            "employee_id": employee_id,
            "source": source,
            "now": now,
            "expires_at": now + (self._valid if valid is None else valid),
        }
        row = (await session.execute(_UPSERT_LINK, values)).mappings().first()
        if row is None:
            raise GoneError("Tautan ini sudah dicabut. Mintalah tautan baru.")
        token = self._signer(kind).dumps(row["id"].hex)
        return Link(row["id"], token, f"{self.public_url}{kind.path}/{token}", row["expires_at"])

    async def open(self, session: AsyncSession, kind: LinkKind, token: str) -> tuple[UUID, UUID]:
        """(link id, officer); stores the use. Raises NotFoundError for an unknown token, GoneError for an ended link."""
        try:
            identifier = UUID(hex=self._signer(kind).loads(token))
        except (BadSignature, ValueError, TypeError, AttributeError) as error:
            raise NotFoundError(_UNKNOWN) from error
        row = (await session.execute(_LINK, {"id": identifier})).mappings().first()
        if row is None:
            raise NotFoundError(_UNKNOWN)
        now = self._clock.now()
        state = state_of(row, now)
        if state != "active":
            message = "dicabut" if state == "revoked" else "kedaluwarsa"
            raise GoneError(f"Tautan ini sudah {message}. Mintalah tautan baru.")
        await session.execute(_SET_USED, {"id": identifier, "now": now, "before": now - LAST_USE})
        return identifier, row["employee_id"]

    def handover(self, link_id: UUID, employee_id: UUID) -> str:
        """The redirect's token, with which another service identifies the same officer; never part of a page.

        The other service cannot check whether the inbox link has ended: the caller opens that link first, and HANDOVER_VALID
        is short.
        """
        ends = int((self._clock.now() + HANDOVER_VALID).timestamp())
        return str(self._handover().dumps([link_id.hex, employee_id.hex, ends]))

    def read_handover(self, token: str) -> tuple[UUID, UUID]:
        """(link id, officer). Raises NotFoundError for a forged token, GoneError for an expired one."""
        try:
            link_id, employee_id, ends = self._handover().loads(token)
            found = UUID(hex=link_id), UUID(hex=employee_id)
        except (BadSignature, ValueError, TypeError, AttributeError) as error:
            raise NotFoundError(_UNKNOWN) from error
        if self._clock.now().timestamp() >= ends:
            raise GoneError("Muat ulang kotak surat Anda.")
        return found

    async def page(self, session: AsyncSession, employee_id: UUID | None, after: UUID, most: int) -> list[RowMapping]:
        """Links in the order of their ids, of one officer or of all."""
        values = {"employee": employee_id, "after": after, "most": most}
        return list((await session.execute(_LINK_PAGE, values)).mappings())

    async def revoke(self, session: AsyncSession, identifier: UUID) -> None:
        """Revokes a link at once. Raises NotFoundError."""
        if (await session.execute(_REVOKE_LINK, {"id": identifier, "now": self._clock.now()})).first() is None:
            raise NotFoundError("There is no such link. List the links to see their ids.")

    async def forget(self, session: AsyncSession) -> None:
        """Deletes links that ended long ago, so that an officer's reading times are not kept for ever."""
        await session.execute(_DELETE_EXPIRED, {"before": self._clock.now() - KEPT_AFTER_END})

    def _signer(self, kind: LinkKind) -> Any:
        return URLSafeSerializer(self._key, salt=f"kinerja.link.{kind.purpose}")

    def _handover(self) -> Any:
        return URLSafeSerializer(self._key, salt="kinerja.link.handover")
