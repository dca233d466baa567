"""The list of registered machines."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.events.canary import CANARY_UNIT_ID
from shared.db.queries import query

__all__ = ["MachineRow", "read_machines"]


class MachineRow(NamedTuple):
    """A registered machine with its state, and what about it waits for an operator."""

    serial: str
    name: str
    timezone: str
    direction_from: str
    org_unit_id: str | None
    in_unit_from: datetime | None
    in_service_to: datetime | None
    registered_at: datetime
    last_contact_at: datetime | None
    last_upload_at: datetime | None
    complete_until: datetime | None
    clock_wrong_since: datetime | None
    address: str | None
    push_version: str | None
    info: str | None
    dialect: str | None
    in_declared_outage: bool
    networks: list[str]
    pinned_address: str | None
    host_label_sha256: bytes | None
    comm_key_sha256: bytes | None
    secret_pending: bool
    refused: int
    signals: list[dict[str, Any]]
    unknown_pins: int
    quarantined: int


_MACHINES = query(
    f"""
    select m.serial, m.name, m.timezone, m.direction_from, m.org_unit_id, m.in_unit_from, m.in_service_to, m.registered_at,
           m.last_contact_at, m.last_upload_at, m.complete_until, m.clock_wrong_since, m.address, m.push_version,
           m.info, m.dialect,
           exists (select from machine_outage_v1 o where o.serial = m.serial and :now between o.starts_at and o.ends_at)
               as in_declared_outage, m.networks, m.pinned_address, m.host_label_sha256,
           m.comm_key_sha256, m.secret_pending,
           (select count(*) from refused_contact r where r.serial = m.serial) as refused,
           (select coalesce(json_agg(json_build_object('kind', s.kind, 'first_at', s.first_at, 'last_at', s.last_at,
                                                       'times', s.times, 'detail', s.detail) order by s.kind), '[]')
            from machine_signal s where s.serial = m.serial) as signals,
           (select count(distinct p.pin) from punch p where p.serial = m.serial and p.employee_id is null)
               as unknown_pins,
           (select count(*) from quarantine q where q.serial = m.serial and q.resolved_at is null) as quarantined
    from machine m where m.org_unit_id is distinct from '{CANARY_UNIT_ID}' order by m.serial limit 2000
    """,
    MachineRow,
)


async def read_machines(session: AsyncSession, now: datetime) -> list[MachineRow]:
    """All machines except the canary's."""
    return await _MACHINES.all(session, {"now": now})
