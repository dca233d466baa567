"""The list of refused contacts."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.queries import query

__all__ = ["RefusedRow", "read_refused_contacts"]


class RefusedRow(NamedTuple):
    """An address that used a serial without proof; `registered`: whether a machine has this serial."""

    serial: str
    address: str
    reason: str
    registered: bool
    first_seen_at: datetime
    last_seen_at: datetime
    requests: int
    dialect: str | None
    kept_lines: int


_REFUSED_CONTACTS = query(
    """
    select r.serial, r.address, r.reason, m.serial is not null as registered, r.first_seen_at, r.last_seen_at, r.requests,
           r.dialect, r.kept_lines
    from refused_contact r left join machine m using (serial)
    where (cast(:serial as varchar) is null or r.serial = :serial)
      and (not cast(:unregistered as boolean) or m.serial is null)
    order by r.last_seen_at desc, r.serial, r.address limit 1000
    """,
    RefusedRow,
)


async def read_refused_contacts(
    session: AsyncSession, serial: str | None = None, *, unregistered: bool = False
) -> list[RefusedRow]:
    """The contacts, latest first; with `unregistered` only those whose serial no machine has."""
    return await _REFUSED_CONTACTS.all(session, {"serial": serial, "unregistered": unregistered})
