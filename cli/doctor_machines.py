"""The doctor's look at machines: heard, believed, proved, and what waits for an operator's word on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import httpx

from cli.findings import Finding, read_json
from cli.output import city_time

__all__ = ["CLOCK_RUNBOOK", "examine_machines", "examine_retention"]

MACHINE_SILENT = timedelta(hours=1)
ONE_ADDRESS_MACHINES = 3
"""So many machines of different units with one address: more likely something hides their own."""
RETENTION_LATE_DAYS = 2
CLOCK_RUNBOOK = "docs/runbooks/clock.md"
SILENT_RUNBOOK = "docs/runbooks/lost-machine.md"
PROOF_RUNBOOK = "docs/runbooks/machine-identity.md"
FULL_RUNBOOK = "docs/runbooks/database-full.md"


def examine_machines(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    """All machines in service, and what waits for an operator's word on any machine."""
    machines = read_json(http, "/attendance/v1/machines")
    serving = [machine for machine in machines if _serves(machine, now)]
    for machine in serving:
        yield from _heard(machine, now)
    for machine in machines:  # the alert counts the signals of a machine out of service too
        for signal in machine["signals"]:
            words = f"machine {machine['serial']}: {signal['kind']} since {city_time(signal['first_at'])}: {signal['detail']}"
            yield Finding("warn", words, PROOF_RUNBOOK)
    refused = read_json(http, "/attendance/v1/machines/refused")
    if refused:
        named = Counter("registered" if contact["registered"] else "unregistered" for contact in refused)
        words = " and ".join(f"{count} of {kind} serials" for kind, count in sorted(named.items(), reverse=True))
        yield Finding("warn", f"contacts were refused: {words}", f"kinerja machines refused; {PROOF_RUNBOOK}")
    yield from _one_address(serving)
    bare = sum(not machine["has_secret"] for machine in serving)
    yield Finding("ok", f"{len(serving)} machines are in service, {bare} of them without a secret")


def _heard(machine: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    last = machine["last_contact_at"]
    if machine["clock_wrong_since"] is not None:
        yield Finding("fail", f"machine {machine['serial']}: its clock is wrong", CLOCK_RUNBOOK)
    elif machine["in_declared_outage"]:
        return  # as for the alert: somebody has seen to it
    elif last is None:
        yield Finding("warn", f"machine {machine['serial']}: never heard of", SILENT_RUNBOOK)
    elif now - datetime.fromisoformat(last) > MACHINE_SILENT:
        yield Finding("warn", f"machine {machine['serial']}: silent since {city_time(last)}", SILENT_RUNBOOK)


def _serves(machine: Mapping[str, Any], now: datetime) -> bool:
    return machine["in_service_to"] is None or now < datetime.fromisoformat(machine["in_service_to"])


def _one_address(serving: list[Mapping[str, Any]]) -> Iterator[Finding]:
    addresses = {machine["address"] for machine in serving if machine["address"]}
    units = {machine["org_unit_id"] for machine in serving if machine["address"]}
    if len(addresses) == 1 and len(units) >= ONE_ADDRESS_MACHINES:
        (address,) = addresses
        if ip_address(address).is_loopback:  # `make up`: whoever plays machines is on this computer
            return
        words = f"all machines seem to speak from {address}: something hides their own addresses"
        yield Finding("warn", words, PROOF_RUNBOOK)


def examine_retention(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    """How old the oldest thing is of what is kept for a time only."""
    for kept in read_json(http, "/attendance/v1/retention"):
        if kept["oldest_at"] is None:
            yield Finding("ok", f"{kept['store']}: empty")
            continue
        days = (now - datetime.fromisoformat(kept["oldest_at"])).days
        words = f"{kept['store']}: {kept['bytes'] // 1_048_576} MiB, the oldest is {days} days old"
        if days > kept["kept_days"] + RETENTION_LATE_DAYS:
            yield Finding("warn", f"{words}, and is kept for {kept['kept_days']}", FULL_RUNBOOK)
        else:
            yield Finding("ok", words)
