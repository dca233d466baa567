"""Which connections are accepted as a machine: refused contacts, accepted addresses, secrets, and signals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, Field

from services.attendance.access.proof_settings import (
    Secret,
    accept_address,
    dismiss_address,
    drop_secret,
    set_secret,
)
from services.attendance.access.queries import read_refused_contacts
from services.attendance.access.signals import dismiss_signal
from services.attendance.dependencies import BULK_SECONDS, SERIAL, ContextDep, Input, OperatorDep, Serial
from services.attendance.machines.rules.proof import Refusal, parse_networks
from services.attendance.machines.rules.signals import SignalKind
from shared.errors.problem_types import NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/machines", tags=["machines"])


def _network(value: str) -> str:
    (network,) = parse_networks([value])
    return network


Address = Annotated[str, Field(min_length=2, max_length=45, pattern=r"^[0-9A-Fa-f:.]+$")]


class RefusedItem(Answer):
    """An address that used a serial without proof of being its machine. `kept_lines` lines wait for an operator."""

    serial: str
    """The serial in the requests."""
    address: str
    """The network address of the sender."""
    reason: Refusal
    """Why it was refused."""
    registered: bool
    """Whether a machine with this serial is registered."""
    first_seen_at: datetime
    """When it was first refused."""
    last_seen_at: datetime
    """When it was last refused."""
    requests: int
    """How many requests were refused."""
    dialect: str | None
    """`access` if it used the access-control protocol, which contains no attendance; else null."""
    kept_lines: int
    """How many lines from there wait for an operator."""


class AcceptIn(Input):
    """Accepts `address` for the machine: only this address from now on, or with `network` every address in that range."""

    address: Address
    """An IPv4 or IPv6 address from the list of refused contacts."""
    network: Annotated[str, Field(max_length=64), AfterValidator(_network)] | None = None
    """A range that contains the address, such as 10.20.4.0/24; null for the address alone."""


class Accepted(Answer):
    """The result of accepting an address."""

    punches: int
    """How many waiting lines became punches."""


class SecretIn(Input):
    """A secret of the machine: a generated `host_label` for the server address in its menu, or the `comm_key` that is set
    there, if the firmware sends it. `from_first_use`: the secret is required only from its first use on; until then the
    earlier proof applies, so that a technician has time to enter it.
    """

    kind: Literal["host_label", "comm_key"]
    """`host_label`: the first label of the server name in the machine's menu. `comm_key`: the communication key in its
    menu."""
    value: Annotated[str, Field(min_length=6, max_length=64, pattern=r"^[!-~]+$")] | None = None
    """The communication key, 6 to 64 visible characters; omit it for a host label, which the server generates."""
    from_first_use: bool = False
    """Whether the secret is required only from its first use on."""


class SecretMade(Answer):
    """The new secret; a host label is shown only here. `host`: the server name to enter in the machine's menu."""

    kind: Literal["host_label", "comm_key"]
    """The kind of the secret."""
    host_label: str | None = None
    """The secret label; null for a communication key."""
    host: str | None = None
    """The whole server name for the machine's menu; null if no domain for machines is configured."""


@router.get("/unknown")
async def list_unknown(context: ContextDep, _: OperatorDep) -> list[RefusedItem]:
    """Unregistered serials, by address, latest contact first."""
    rows = await context.transact(lambda session: read_refused_contacts(session, unregistered=True))
    return [RefusedItem(**row._asdict()) for row in rows]


@router.get("/refused")
async def list_refused(
    context: ContextDep, _: OperatorDep, serial: Annotated[str | None, Query(pattern=SERIAL)] = None
) -> list[RefusedItem]:
    """Contacts that used a serial (also of a registered machine) without proof of being it; latest contact first."""
    rows = await context.transact(lambda session: read_refused_contacts(session, serial))
    return [RefusedItem(**row._asdict()) for row in rows]


@router.post("/{serial}/addresses", responses=refuses(NOT_FOUND))
async def accept_contact(context: ContextDep, _: OperatorDep, serial: Serial, new: AcceptIn) -> Accepted:
    """Accepts an address or a range for the machine; waiting lines from there become punches."""
    punches = await context.change(
        lambda change: accept_address(change, serial, new.address, new.network),
        seconds=BULK_SECONDS,
    )
    return Accepted(punches=punches)


@router.delete("/{serial}/refused", status_code=204, responses=refuses(NOT_FOUND))
async def forget_contact(
    context: ContextDep,
    _: OperatorDep,
    serial: Serial,
    address: Annotated[Address, Query(description="The address of the refused contact.")],
) -> None:
    """Dismisses a contact that was not the machine: removes it and its waiting lines from the list. It stays refused."""
    await context.transact(lambda s: dismiss_address(s, serial, address, context.clock.now()))


@router.post("/{serial}/secrets", status_code=201, responses=refuses(NOT_FOUND))
async def make_secret(context: ContextDep, _: OperatorDep, serial: Serial, new: SecretIn) -> SecretMade:
    """Sets a secret of the machine. Without it the machine is refused from now on, or from the secret's first use on."""
    secret = Secret(new.kind, new.value, from_first_use=new.from_first_use)
    value = await context.transact(lambda s: set_secret(s, serial, secret, context.clock.now()))
    if new.kind == "comm_key":
        return SecretMade(kind=new.kind)
    host = context.settings.machine_host
    return SecretMade(kind=new.kind, host_label=value, host=None if host is None else f"{value}.{host}")


@router.delete("/{serial}/secrets/{kind}", status_code=204, responses=refuses(NOT_FOUND))
async def take_secret(
    context: ContextDep,
    _: OperatorDep,
    serial: Serial,
    kind: Annotated[Literal["host_label", "comm_key"], Path(description="Which secret.")],
) -> None:
    """Removes a secret: the machine no longer needs it."""
    await context.transact(lambda s: drop_secret(s, serial, kind, context.clock.now()))


@router.delete("/{serial}/signals/{kind}", status_code=204, responses=refuses(NOT_FOUND))
async def end_signal(
    context: ContextDep, _: OperatorDep, serial: Serial, kind: Annotated[SignalKind, Path(description="Which signal.")]
) -> None:
    """Dismisses a signal that an operator has checked; it returns when its cause occurs again."""
    await context.transact(lambda s: dismiss_signal(s, serial, kind))
