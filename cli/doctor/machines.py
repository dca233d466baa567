"""The doctor's check of machines: last contact, clock, proof of identity, and open decisions of the operator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import httpx

from cli.findings import Finding, read_json
from cli.output import city_time
from cli.terminal import counted, days_of

__all__ = ["CLOCK_RUNBOOK", "examine_machines", "examine_retention"]

MACHINE_SILENT = timedelta(hours=1)
ONE_ADDRESS_MACHINES = 3
"""If this many machines of different units have one address, something probably hides their own."""
RETENTION_LATE_DAYS = 2
MIB = 1_048_576
CLOCK_RUNBOOK = "docs/runbooks/clock.md"
SILENT_RUNBOOK = "docs/runbooks/lost-machine.md"
PROOF_RUNBOOK = "docs/runbooks/machine-identity.md"
FULL_RUNBOOK = "docs/runbooks/database-full.md"


def examine_machines(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    """All machines in service, and the open decisions about any machine."""
    machines = read_json(http, "/attendance/v1/machines")
    serving = [machine for machine in machines if _serves(machine, now)]
    for machine in serving:
        yield from _heard(machine, now)
    for machine in machines:  # the alert also counts signals of machines out of service
        for signal in machine["signals"]:
            text = f"machine {machine['serial']}: {signal['kind']} since {city_time(signal['first_at'])}: {signal['detail']}"
            yield Finding("warn", text, PROOF_RUNBOOK)
    refused = read_json(http, "/attendance/v1/machines/refused")
    if refused:
        named = Counter("registered" if contact["registered"] else "unregistered" for contact in refused)
        text = " and ".join(f"{count} of {kind} serials" for kind, count in sorted(named.items(), reverse=True))
        yield Finding("warn", f"contacts were refused: {text}", f"kinerja machines refused; {PROOF_RUNBOOK}")
    yield from _one_address(serving)
    bare = sum(not machine["has_secret"] for machine in serving)
    count = counted(len(serving), "machine is in service", "machines are in service")
    yield Finding("ok", f"{count}, {bare or 'none'} of them without a secret" if serving else count)


def _heard(machine: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    last = machine["last_contact_at"]
    if machine["clock_wrong_since"] is not None:
        yield Finding("fail", f"machine {machine['serial']}: its clock is wrong", CLOCK_RUNBOOK)
    elif machine["in_declared_outage"]:
        return  # as for the alert: an operator has handled it
    elif last is None:
        yield Finding("warn", f"machine {machine['serial']}: no contact yet", SILENT_RUNBOOK)
    elif now - datetime.fromisoformat(last) > MACHINE_SILENT:
        yield Finding("warn", f"machine {machine['serial']}: silent since {city_time(last)}", SILENT_RUNBOOK)


def _serves(machine: Mapping[str, Any], now: datetime) -> bool:
    return machine["in_service_to"] is None or now < datetime.fromisoformat(machine["in_service_to"])


def _one_address(serving: list[Mapping[str, Any]]) -> Iterator[Finding]:
    addresses = {machine["address"] for machine in serving if machine["address"]}
    units = {machine["org_unit_id"] for machine in serving if machine["address"]}
    if len(addresses) == 1 and len(units) >= ONE_ADDRESS_MACHINES:
        (address,) = addresses
        if ip_address(address).is_loopback:  # `make up`: simulated machines run on this computer
            return
        text = f"all machines seem to have the address {address}: something hides their own addresses"
        yield Finding("warn", text, PROOF_RUNBOOK)


def examine_retention(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    """The age of the oldest data in each store with a retention."""
    for kept in read_json(http, "/attendance/v1/retention"):
        if kept["oldest_at"] is None:
            yield Finding("ok", f"{kept['store']}: empty")
            continue
        days = (now - datetime.fromisoformat(kept["oldest_at"])).days
        size = f"{kept['bytes'] // MIB} MiB" if kept["bytes"] >= MIB else "less than 1 MiB"
        text = f"{kept['store']}: {size}, the oldest is {days_of(days) if days > 0 else 'less than a day'} old"
        if days > kept["kept_days"] + RETENTION_LATE_DAYS:
            yield Finding("warn", f"{text}, and is kept for {days_of(kept['kept_days'])}", FULL_RUNBOOK)
        else:
            yield Finding("ok", text)
