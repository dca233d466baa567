"""Registers and changes machines."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import AfterValidator, Field

from services.attendance.access.registration import register
from services.attendance.day_queue.change import Change
from services.attendance.dependencies import (
    BULK_SECONDS,
    ContextDep,
    Input,
    Moment,
    OperatorDep,
    PlainText,
    Serial,
    UnitId,
    must_exist,
)
from services.attendance.machines.registry import MachineSetup
from services.attendance.machines.rules.placements import PlacementRequest
from services.attendance.machines.rules.proof import parse_networks
from shared.errors.problem_types import CONFLICT, NOT_FOUND
from shared.openapi.refusals import refuses
from shared.settings.types import TIMEZONES

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/machines", tags=["machines"])


def _networks(values: list[str]) -> list[str]:
    return list(parse_networks(values))


Networks = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50), AfterValidator(_networks)]


def _known_zone(name: str) -> str:
    if name not in TIMEZONES:
        raise ValueError("not an IANA zone: write it like Asia/Jakarta")
    return name


class MachineIn(Input):
    """The operator's settings of a machine. `in_unit_from`: since when it is in its unit, or "always" if the stored unit was
    wrong from the beginning; null or omitted: unchanged. `in_service_to`: when it was taken out of service in this unit; null:
    in service; omitted: unchanged, but a machine that moves to another unit or returns is in service again.
    `networks`: the address ranges of its site (CIDRs); omitted: unchanged; []: none.
    """

    name: PlainText
    """A name for people, such as its place: 1 to 500 characters."""
    timezone: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known_zone)]
    """The IANA time zone of the machine's clock, such as Asia/Jakarta."""
    direction_from: Literal["status", "shift"]
    """`status`: people press the keys, so in and out are trusted. `shift`: the first punch is in, the last is out."""
    org_unit_id: UnitId | None = None
    """The unit where it is; null for none."""
    in_unit_from: Moment | Literal["always"] | None = None
    """Since when it is in this unit; `always` corrects a unit that was wrong from the beginning; null or omitted:
    unchanged."""
    in_service_to: Moment | None = None
    """When it was taken out of service; null: in service; omitted: unchanged."""
    networks: Networks | None = None
    """The address ranges of its site, such as 10.20.4.0/24; []: none; omitted: unchanged."""


@router.put(
    "/{serial}",
    status_code=200,
    responses={201: {"description": "Registered", "model": MachineIn}, **refuses(NOT_FOUND, CONFLICT)},
    response_model_exclude_unset=True,
)
async def keep_machine(
    context: ContextDep, _: OperatorDep, serial: Serial, new: MachineIn, response: Response
) -> MachineIn:
    """Registers a machine (201) or changes it (200); punches it sent before its registration are imported."""
    ends: datetime | Literal["unchanged"] | None = (
        new.in_service_to if "in_service_to" in new.model_fields_set else "unchanged"
    )
    place = PlacementRequest(new.org_unit_id, new.direction_from, new.in_unit_from, ends)
    setup = MachineSetup(serial, new.name, new.timezone, place, new.networks)

    async def work(change: Change) -> bool:
        await must_exist(change.session, "org_unit_id", new.org_unit_id)
        return await register(change, setup)

    if await context.change(work, seconds=BULK_SECONDS):
        response.status_code = 201
    return new
