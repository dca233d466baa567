"""Registers machines: what they sent before becomes punches."""

from __future__ import annotations

from services.attendance.access.proof_settings import import_accepted_lines
from services.attendance.day_queue.change import Change
from services.attendance.machines.registry import MachineSetup, put_machine

__all__ = ["register"]


async def register(change: Change, setup: MachineSetup) -> bool:
    """Registers or changes a machine; returns True when it is new.

    Stored lines of refused contacts become punches if their address is accepted as the machine's.
    """
    machine, is_new = await put_machine(change, setup)
    await import_accepted_lines(change, machine, setup.networks, new=is_new)
    return is_new
