"""An operator's changes to a machine's proof: address ranges, secrets, and refused addresses."""

from __future__ import annotations

import ipaddress
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.access.unregistered_machines import dismiss_contact, import_lines, waiting_contacts
from services.attendance.day_queue.change import Change
from services.attendance.machines.locked_machine import LockedMachine, lock_registered, lock_serial
from services.attendance.machines.rules.proof import digest, in_networks
from shared.errors.errors import InvalidError, NotFoundError

__all__ = ["Secret", "accept_address", "dismiss_address", "drop_secret", "import_accepted_lines", "set_secret"]

LABEL_LETTERS = 14

SecretKind = Literal["host_label", "comm_key"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A new secret: a host label (generated, no value), or the comm key that was set at the machine's menu."""

    kind: SecretKind
    value: str | None
    from_first_use: bool = False
    """The secret is required only from its first use on."""


_ADD_NETWORK = text(
    """
    update machine set networks = networks || cast(:network as varchar)
    where serial = :serial and not cast(:network as varchar) = any(networks)
    """
)
_SET_PINNED_ADDRESS = text("update machine set pinned_address = :address where serial = :serial")
_SET_SECRET = {
    "host_label": text(
        "update machine set host_label_sha256 = :digest, secret_pending = :pending where serial = :serial"
    ),
    "comm_key": text("update machine set comm_key_sha256 = :digest, secret_pending = :pending where serial = :serial"),
}


async def import_accepted_lines(
    change: Change,
    machine: LockedMachine,
    networks: Sequence[str] | None,
    *,
    new: bool,
) -> None:
    """Turns stored lines of refused contacts into punches if their address is accepted as the machine's.

    An address in the ranges is accepted. A new machine without ranges is pinned to the address of its waiting posts if there
    is only one; if there are several, an operator has to accept one.
    """
    waiting = await waiting_contacts(change.session, machine.serial)
    if networks:
        known = [each.address for each in waiting if in_networks(each.address, networks)]
    elif new and len(waiting) == 1:
        known = [each.address for each in waiting]
        if waiting[0].kept_lines and waiting[0].address:
            await change.session.execute(_SET_PINNED_ADDRESS, {"serial": machine.serial, "address": waiting[0].address})
    else:
        return
    await import_lines(change, machine, known)


async def accept_address(change: Change, serial: str, address: str, network: str | None) -> int:
    """Accepts this address, or (with `network`) every address in this range, as the machine's from now on.

    Without a range the former address is refused from now on. Stored lines of refused posts from there become punches;
    returns their number. Raises NotFoundError, InvalidError.
    """
    await lock_serial(change.session, serial)
    machine = await lock_registered(change.session, serial, change.now)
    if network is None:
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise InvalidError("`address` is not an IP address. Copy it from the list of refused contacts.") from error
        await change.session.execute(_SET_PINNED_ADDRESS, {"serial": serial, "address": address})
    else:
        await change.session.execute(_ADD_NETWORK, {"serial": serial, "network": network})
    waiting = [each.address for each in await waiting_contacts(change.session, serial)]
    known = [each for each in waiting if each == address or (network is not None and in_networks(each, [network]))]
    return await import_lines(change, machine, known)


async def dismiss_address(session: AsyncSession, serial: str, address: str, now: datetime) -> None:
    """Dismisses an address that was not the machine: its lines wait no longer. It stays refused. Raises NotFoundError."""
    if not await dismiss_contact(session, serial, address, now):
        raise NotFoundError(
            "There is no refused contact with this serial and address. See the list of refused contacts."
        )


async def set_secret(session: AsyncSession, serial: str, secret: Secret, now: datetime) -> str:
    """Sets the machine's secret and returns its value.

    From now on, or from its first use on, the machine is refused without it. Raises NotFoundError, InvalidError.
    """
    machine = await lock_registered(session, serial, now)
    value = secret.value
    if secret.kind == "host_label":
        if value is not None:
            raise InvalidError("A host label is generated. Leave `value` out.")
        value = "".join(secrets.choice(string.ascii_lowercase) for _ in range(LABEL_LETTERS))
    elif value is None:
        raise InvalidError("`value` is required: the comm key that is set at the machine's menu.")
    # If a secret is active already, the requirement stays: adding a second secret must not disable the check meanwhile.
    pending = secret.from_first_use and not (
        machine.required_proof.has_secret and not machine.required_proof.secret_pending
    )
    await session.execute(_SET_SECRET[secret.kind], {"serial": serial, "digest": digest(value), "pending": pending})
    return value


async def drop_secret(session: AsyncSession, serial: str, kind: SecretKind, now: datetime) -> None:
    """The machine no longer needs this secret. Raises NotFoundError."""
    machine = await lock_registered(session, serial, now)
    pending = machine.required_proof.secret_pending
    await session.execute(_SET_SECRET[kind], {"serial": serial, "digest": None, "pending": pending})
