"""Registers machines: what they sent before becomes punches."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.access.proof_settings import admit_known
from services.attendance.machines.registry import MachineSetup, put_machine

__all__ = ["register"]


async def register(session: AsyncSession, setup: MachineSetup, now: datetime, unit_zone: ZoneInfo) -> bool:
    """Registers or changes a machine; returns True when it is new.

    Stored lines of refused contacts become punches if their address is accepted as the machine's.
    """
    machine, is_new = await put_machine(session, setup, now, unit_zone)
    await admit_known(session, machine, setup.networks, new=is_new, now=now, unit_zone=unit_zone)
    return is_new
