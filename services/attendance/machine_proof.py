"""What an operator says of a machine's proof: its address ranges, its secret, and addresses that were refused."""

from __future__ import annotations

import ipaddress
import secrets
import string
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.domain.proof import digest, in_networks
from services.attendance.held_machine import HeldMachine, hold_machine
from services.attendance.refused_contacts import addresses_of, admit_lines, dismiss_contact, lock_serial
from shared.errors import InvalidError, NotFoundError

__all__ = ["accept_address", "admit_known", "drop_secret", "forget_address", "give_secret", "set_networks"]

LABEL_LETTERS = 14
NO_MACHINE = "There is no machine with this serial. Register it first."

SecretKind = Literal["host_label", "comm_key"]

_NETWORKS = text("update machine set networks = :networks where serial = :serial")
_ADD_NETWORK = text(
    """
    update machine set networks = networks || cast(:network as varchar)
    where serial = :serial and not cast(:network as varchar) = any(networks)
    """
)
_PIN = text("update machine set pinned_address = :address where serial = :serial")
_SECRET = {
    "host_label": text(
        "update machine set host_label_sha256 = :digest, secret_pending = :pending where serial = :serial"
    ),
    "comm_key": text("update machine set comm_key_sha256 = :digest, secret_pending = :pending where serial = :serial"),
}


async def set_networks(session: AsyncSession, serial: str, networks: Sequence[str]) -> None:
    """The ranges from which the machine speaks; none: it is held to one address again."""
    await session.execute(_NETWORKS, {"serial": serial, "networks": list(networks)})


async def admit_known(
    session: AsyncSession,
    machine: HeldMachine,
    networks: Sequence[str] | None,
    *,
    new: bool,
    now: datetime,
    unit_zone: ZoneInfo,
) -> None:
    """Makes punches of lines that waited, as far as their address is the machine's.

    It is, where it lies in the ranges. A new machine without ranges is pinned to the address from which its posts waited,
    if there is one only; of several an operator has to accept one.
    """
    waiting = await addresses_of(session, machine.serial)
    if networks:
        known = [each.address for each in waiting if in_networks(each.address, networks)]
    elif new and len(waiting) == 1:
        known = [each.address for each in waiting]
        if waiting[0].kept_lines and waiting[0].address:
            await session.execute(_PIN, {"serial": machine.serial, "address": waiting[0].address})
    else:
        return
    await admit_lines(session, machine, known, now, unit_zone)


async def accept_address(
    session: AsyncSession, serial: str, address: str, network: str | None, now: datetime, unit_zone: ZoneInfo
) -> int:
    """The machine speaks from this address, or (`network` given) from anywhere in this range, from now on.

    Without a range the former address is refused from then on. What came from there and was refused becomes punches; gives
    how many. Raises NotFoundError, InvalidError.
    """
    await lock_serial(session, serial)
    machine = await _held(session, serial, now)
    if network is None:
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise InvalidError("`address` is no IP address: take it from the list of refused contacts.") from error
        await session.execute(_PIN, {"serial": serial, "address": address})
    else:
        await session.execute(_ADD_NETWORK, {"serial": serial, "network": network})
    waiting = [each.address for each in await addresses_of(session, serial)]
    known = [each for each in waiting if each == address or (network is not None and in_networks(each, [network]))]
    return await admit_lines(session, machine, known, now, unit_zone)


async def forget_address(session: AsyncSession, serial: str, address: str, now: datetime) -> None:
    """It was not the machine: its lines wait no longer. It stays refused. Raises NotFoundError."""
    if not await dismiss_contact(session, serial, address, now):
        raise NotFoundError("No contact of this serial and address was refused. See the list of refused contacts.")


async def give_secret(
    session: AsyncSession, serial: str, kind: SecretKind, value: str | None, *, from_first_use: bool, now: datetime
) -> str:
    """Sets the machine's secret and gives it: a host label made of chance, or the comm key that was set at its menu.

    From then on, or from its first use on, the machine is refused without it. Raises NotFoundError, InvalidError.
    """
    machine = await _held(session, serial, now)
    if kind == "host_label":
        if value is not None:
            raise InvalidError("A host label is made of chance: leave `value` out.")
        value = "".join(secrets.choice(string.ascii_lowercase) for _ in range(LABEL_LETTERS))
    elif value is None:
        raise InvalidError("`value`: give the comm key that is set at the machine's menu.")
    # A secret that counts already goes on counting: a second one does not open the door for anybody meanwhile.
    pending = from_first_use and not (machine.asked.has_secret and not machine.asked.secret_pending)
    await session.execute(_SECRET[kind], {"serial": serial, "digest": digest(value), "pending": pending})
    return value


async def drop_secret(session: AsyncSession, serial: str, kind: SecretKind, now: datetime) -> None:
    """The machine needs this secret no longer. Raises NotFoundError."""
    machine = await _held(session, serial, now)
    pending = machine.asked.secret_pending
    await session.execute(_SECRET[kind], {"serial": serial, "digest": None, "pending": pending})


async def _held(session: AsyncSession, serial: str, now: datetime) -> HeldMachine:
    machine = await hold_machine(session, serial, now)
    if machine is None:
        raise NotFoundError(NO_MACHINE)
    return machine
