"""Machines: registration, commands and state."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    LocalTime,
    Moment,
    OperatorDep,
    Serial,
)
from services.attendance.machines.locked_machine import required_proof_of
from services.attendance.machines.queries import MachineRow, read_machines
from services.attendance.machines.registry import queue_command, resend_command, undo_move
from services.attendance.machines.rules.proof import ProofKind
from services.attendance.machines.rules.signals import SignalKind
from shared.access.auth import Principal, requires
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/machines", tags=["machines"])


class SignalItem(Answer):
    """Something about a machine that an operator should check; it stays until dismissed."""

    kind: SignalKind
    """The kind of the signal."""
    first_at: datetime
    """When it was first seen."""
    last_at: datetime
    """When it was last seen."""
    times: int
    """How often it was seen."""
    detail: str
    """Details for the operator."""


class MachineItem(Answer):
    """A registered machine and its state. `complete_until`: every punch up to here has arrived.

    `proof`: what a connection needs to be accepted as this machine; with `pinned_address` or `nothing_yet` it has no secret.
    `refused`: how many addresses used its serial and were refused.
    """

    serial: str
    name: str
    """A name for people."""
    timezone: str
    """The IANA time zone of its clock."""
    direction_from: Literal["status", "shift"]
    """`status`: in and out are trusted. `shift`: the first punch is in, the last is out."""
    org_unit_id: str | None
    """The unit where it is; null for none."""
    in_unit_from: datetime | None
    """Since when it is there; null: always."""
    in_service_to: datetime | None
    """When it was taken out of service; null while in service."""
    in_declared_outage: bool
    """Whether it is in a declared outage now."""
    registered_at: datetime
    """When it was registered."""
    last_contact_at: datetime | None
    """When its last request came; null: never."""
    last_upload_at: datetime | None
    """When it last uploaded something; null: never."""
    complete_until: datetime | None
    """Every punch up to this moment has arrived; null: no complete upload yet."""
    clock_wrong_since: datetime | None
    """Since when its clock cannot be right: meanwhile `complete_until` does not move. Null: the clock is right."""
    address: str | None
    """The address of its last contact; null: none yet."""
    push_version: str | None
    """The version of the push protocol that it reports; null: none yet."""
    info: str | None
    """What it reports about itself (firmware, counts), unchanged; null: nothing yet."""
    dialect: str | None
    """`access` if it last used the access-control protocol, which contains no attendance; else null."""
    proof: ProofKind
    """What a connection needs to be accepted as this machine."""
    has_secret: bool
    """Whether it has a host label or a communication key."""
    secret_pending: bool
    """Whether the secret still waits for its first use."""
    networks: list[str]
    """The address ranges from which it is accepted; empty: not set."""
    pinned_address: str | None
    """The address of its first post, or one that an operator accepted; null: none."""
    refused: int
    """How many addresses used its serial and were refused."""
    signals: list[SignalItem]
    """What an operator should check."""
    unknown_pins: int
    """How many PINs in its punches belong to no officer."""
    quarantined: int
    """How many of its lines are unusable and wait for an operator."""


class ResendIn(Input):
    """Resends the punches between two local times of the machine (at most 31 days)."""

    kind: Literal["resend"]
    """Resend stored punches."""
    first: Annotated[LocalTime, Field(alias="from")]
    """The start, by the machine's clock."""
    last: Annotated[LocalTime, Field(alias="to")]
    """The end, by the machine's clock; at most 31 days after the start."""


class PlainCommandIn(Input):
    """`check`: read the options again and upload what is new. `info`: report facts about the machine."""

    kind: Literal["check", "info"]
    """The command for the machine."""


class CommandOut(Answer):
    """The id of the command; the machine sends it with the result."""

    id: str
    """The command's id."""


@router.get("")
async def list_machines(context: ContextDep, _: Annotated[Principal, requires("machines:read")]) -> list[MachineItem]:
    """The registered machines."""
    rows = await context.transact(lambda session: read_machines(session, context.clock.now()))
    return [_machine_item(row) for row in rows]


def _machine_item(row: MachineRow) -> MachineItem:
    required = required_proof_of(row)
    fields = row._asdict()
    del fields["host_label_sha256"], fields["comm_key_sha256"]
    return MachineItem(**fields, proof=required.kind, has_secret=required.has_secret)


@router.delete("/{serial}/placement", status_code=204, responses=refuses(NOT_FOUND))
async def drop_move(
    context: ContextDep, _: OperatorDep, serial: Serial, in_unit_from: Annotated[Moment, Query()]
) -> None:
    """Undoes the machine's last move, which was at this moment: it stays in its former unit."""
    await context.change(lambda change: undo_move(change, serial, in_unit_from), seconds=BULK_SECONDS)


@router.post("/{serial}/commands", status_code=202, responses=refuses(NOT_FOUND, CONFLICT))
async def give_command(
    context: ContextDep,
    _: OperatorDep,
    serial: Serial,
    new: Annotated[ResendIn | PlainCommandIn, Field(discriminator="kind")],
) -> CommandOut:
    """Queues a command for the machine's next poll; it expires after 15 minutes."""
    command = resend_command(new.first, new.last) if isinstance(new, ResendIn) else new.kind.upper()
    found = await context.transact(lambda s: queue_command(s, serial, command, "operator", context.clock.now()))
    return CommandOut(id=found)
