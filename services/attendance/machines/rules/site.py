"""The machines of an officer's site as evidence of a day. All instants are timezone-aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["MachineActivity", "Outage", "SiteMachine"]


@dataclass(frozen=True, slots=True)
class SiteMachine:
    """A machine of the officer's own site, and the time up to which it has uploaded everything.

    `complete_up_to` is None when it never reported. While `clock_ok` is False, its watermark does not count. Outside its
    service there (None: open-ended) it does not keep a day open. `awaited_since`: from when on its silence counts; None:
    from its last report or the start of its service.
    """

    machine: str
    complete_up_to: datetime | None
    clock_ok: bool = True
    in_service_from: datetime | None = None
    in_service_to: datetime | None = None
    awaited_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a machine of the own site (None: the whole site) could not take punches; `end` None: ongoing."""

    start: datetime
    end: datetime | None
    machine: str | None = None


@dataclass(frozen=True, slots=True)
class MachineActivity:
    """A time in which a machine of the own site demonstrably worked: it took punches from anyone."""

    machine: str
    start: datetime
    end: datetime
