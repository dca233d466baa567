"""Who may speak for a machine: refused contacts, accepted addresses, secrets, and signals for the operator."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, Field
from sqlalchemy import text

from services.attendance.domain.proof import Refusal, parse_networks
from services.attendance.domain.signals import SignalKind
from services.attendance.machine_proof import accept_address, drop_secret, forget_address, give_secret
from services.attendance.routes.common import BULK_SECONDS, SERIAL, ContextDep, Input, OperatorDep, read_rows
from services.attendance.routes.machines import Serial
from services.attendance.settings import settings_of
from services.attendance.signals import dismiss_signal
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses
from shared.problem_types import NOT_FOUND

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/machines", tags=["machines"])

_REFUSED = text(
    """
    select r.serial, r.address, r.reason, m.serial is not null as registered, r.first_seen_at, r.last_seen_at, r.requests,
           r.dialect, r.kept_lines
    from refused_contact r left join machine m using (serial)
    where (cast(:serial as varchar) is null or r.serial = :serial)
      and (not cast(:unregistered as boolean) or m.serial is null)
    order by r.last_seen_at desc, r.serial, r.address limit 1000
    """
)


def _network(words: str) -> str:
    (network,) = parse_networks([words])
    return network


Address = Annotated[str, Field(min_length=2, max_length=45, pattern=r"^[0-9A-Fa-f:.]+$")]


class RefusedItem(Answer):
    """An address that named a serial and did not prove to be its machine. `kept_lines` of it wait for an operator."""

    serial: str
    """The serial that was named."""
    address: str
    """The network address of who named it."""
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
    """`access` where it spoke the access-control protocol, which gives no attendance; else null."""
    kept_lines: int
    """How many lines from there wait for an operator."""


class AcceptIn(Input):
    """The machine speaks from `address`: from it alone from now on, or with `network` from anywhere in that range."""

    address: Address
    """An IPv4 or IPv6 address from the list of refused contacts."""
    network: Annotated[str, Field(max_length=64), AfterValidator(_network)] | None = None
    """A range that holds the address, such as 10.20.4.0/24; null for the address alone."""


class Accepted(Answer):
    """How many punches came of the lines that waited."""

    punches: int
    """How many of the lines that waited became punches."""


class SecretIn(Input):
    """A secret of the machine: a `host_label`, made of chance, for the server address in its menu; or the `comm_key`
    that is set there, where the firmware sends it. `from_first_use`: it counts from its first use on; until then the
    machine is known as before, so that a technician can get there.
    """

    kind: Literal["host_label", "comm_key"]
    """`host_label`: the first label of the server name in the machine's menu. `comm_key`: the communication key in its
    menu."""
    value: Annotated[str, Field(min_length=6, max_length=64, pattern=r"^[!-~]+$")] | None = None
    """The communication key, 6 to 64 visible characters; left out for a host label, which the server makes."""
    from_first_use: bool = False
    """Whether the secret counts only from its first use on."""


class SecretMade(Answer):
    """The only time that a host label is told. `host`: what to put into the machine's menu as its server."""

    kind: Literal["host_label", "comm_key"]
    """What was made."""
    host_label: str | None = None
    """The secret label; null for a communication key."""
    host: str | None = None
    """The whole server name for the machine's menu; null where the installation has no domain for machines."""


@router.get("/unknown")
async def list_unknown(context: ContextDep, _: OperatorDep) -> list[RefusedItem]:
    """Serials that are not registered, by address, the latest heard first."""
    rows = await read_rows(context, _REFUSED, {"serial": None, "unregistered": True})
    return [RefusedItem(**row) for row in rows]


@router.get("/refused")
async def list_refused(
    context: ContextDep, _: OperatorDep, serial: Annotated[str | None, Query(pattern=SERIAL)] = None
) -> list[RefusedItem]:
    """Whoever named a serial, of a registered machine too, and did not prove to be it; the latest heard first."""
    rows = await read_rows(context, _REFUSED, {"serial": serial, "unregistered": False})
    return [RefusedItem(**row) for row in rows]


@router.post("/{serial}/addresses", responses=refuses(NOT_FOUND))
async def accept_contact(context: ContextDep, _: OperatorDep, serial: Serial, new: AcceptIn) -> Accepted:
    """Accepts an address, or a range, for the machine; what came from there and waited becomes punches."""
    punches = await context.transact(
        lambda s: accept_address(s, serial, new.address, new.network, context.clock.now(), context.zone),
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
    """This contact was not the machine: it is off the list, and its lines wait no longer. It stays refused."""
    await context.transact(lambda s: forget_address(s, serial, address, context.clock.now()))


@router.post("/{serial}/secrets", status_code=201, responses=refuses(NOT_FOUND))
async def make_secret(context: ContextDep, _: OperatorDep, serial: Serial, new: SecretIn) -> SecretMade:
    """Gives the machine a secret; without it the machine is refused from now on, or from the secret's first use on."""
    value = await context.transact(
        lambda s: give_secret(
            s, serial, new.kind, new.value, from_first_use=new.from_first_use, now=context.clock.now()
        )
    )
    if new.kind == "comm_key":
        return SecretMade(kind=new.kind)
    host = settings_of(context).machine_host
    return SecretMade(kind=new.kind, host_label=value, host=None if host is None else f"{value}.{host}")


@router.delete("/{serial}/secrets/{kind}", status_code=204, responses=refuses(NOT_FOUND))
async def take_secret(
    context: ContextDep,
    _: OperatorDep,
    serial: Serial,
    kind: Annotated[Literal["host_label", "comm_key"], Path(description="Which secret.")],
) -> None:
    """The machine needs this secret no longer."""
    await context.transact(lambda s: drop_secret(s, serial, kind, context.clock.now()))


@router.delete("/{serial}/signals/{kind}", status_code=204, responses=refuses(NOT_FOUND))
async def end_signal(
    context: ContextDep, _: OperatorDep, serial: Serial, kind: Annotated[SignalKind, Path(description="Which signal.")]
) -> None:
    """An operator has looked at the signal; it comes again when its cause does."""
    await context.transact(lambda s: dismiss_signal(s, serial, kind))
