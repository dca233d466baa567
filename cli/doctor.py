"""`kinerja doctor`: looks at what an operator would look at, and says what to do about it."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

import httpx
import typer

from cli.client import client, fail

__all__ = ["Finding", "doctor", "examine"]

PREFIXES = {"attendance": "attendance", "feedback": "feedback", "scoring": "scores", "notifications": "notices"}
CONSUMERS = ("feedback", "scores", "notices")
MACHINE_SILENT = timedelta(hours=1)
CLOCK_DIFFERENCE_MAX = timedelta(seconds=60)
DISK_FREE_MIN, DISK_FREE_LOW = 0.05, 0.15
CERTIFICATE_DAYS_MIN = 14


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. A `fail` needs a person now, a `warn` soon."""

    state: Literal["ok", "warn", "fail"]
    what: str
    todo: str = ""


def doctor() -> None:
    """Examines the running system; status 1 when anything has failed."""
    with client() as http:
        http.timeout = httpx.Timeout(120)
        findings = list(examine(http, datetime.now(UTC)))
    for found in findings:
        typer.echo(f"{found.state:4}  {found.what}{': ' + found.todo if found.todo else ''}")
    failed = sum(found.state == "fail" for found in findings)
    if failed:
        raise fail(f"{failed} of {len(findings)} checks failed")


def examine(http: httpx.Client, now: datetime, folder: Path = Path()) -> Iterator[Finding]:
    """All checks, each by itself: one that cannot be made is a finding too."""
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("services", lambda: _services(http)),
        ("clock", lambda: _clock(http, now)),
        ("dead letters", lambda: _dead_letters(http)),
        ("machines", lambda: _machines(http, now)),
        ("totals", lambda: _totals(http)),
        ("certificate", lambda: _certificate(http, now)),
        ("disk", lambda: _disk(folder)),
    )
    for name, check in checks:
        try:
            yield from check()
        except (httpx.HTTPError, OSError, ValueError, KeyError) as error:
            yield Finding("fail", f"{name} cannot be examined ({type(error).__name__})", "docs/runbooks/broker-down.md")


def _services(http: httpx.Client) -> Iterator[Finding]:
    for service, prefix in PREFIXES.items():
        answer = http.get(f"/{prefix}/health/ready")
        if answer.is_success:
            yield Finding("ok", f"{service}: events flow")
        else:
            words = ", ".join(answer.text.strip().splitlines()[:5]) or str(answer.status_code)
            yield Finding("fail", f"{service}: {words[:300]}", "docs/runbooks/broker-down.md, database-full.md")


def _clock(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    theirs = parsedate_to_datetime(http.get("/attendance/health/live").headers["date"])
    difference = abs(theirs - now)
    if difference > CLOCK_DIFFERENCE_MAX:
        seconds = int(difference.total_seconds())
        yield Finding(
            "fail", f"this clock and the server's differ by {seconds} s", "set both by NTP: days depend on it"
        )
    else:
        yield Finding("ok", "clocks agree")


def _dead_letters(http: httpx.Client) -> Iterator[Finding]:
    for prefix in CONSUMERS:
        waiting = _json(http, f"/{prefix}/v1/dead-letters")["items"]
        if waiting:
            yield Finding(
                "fail", f"{prefix}: {len(waiting)} records wait for a person", "docs/runbooks/dead-letters.md"
            )
        else:
            yield Finding("ok", f"{prefix}: no dead letters")


def _machines(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    machines = _json(http, "/attendance/v1/machines")
    items = machines["items"] if isinstance(machines, dict) else machines
    runbook = "docs/runbooks/lost-machine.md"
    for machine in items:
        last = machine["last_contact_at"]
        if machine["clock_wrong_since"] is not None:
            yield Finding("fail", f"machine {machine['serial']}: its clock is wrong", runbook)
        elif last is None:
            yield Finding("warn", f"machine {machine['serial']}: never heard of", runbook)
        elif now - datetime.fromisoformat(last) > MACHINE_SILENT:
            yield Finding("warn", f"machine {machine['serial']}: silent since {last}", runbook)
    yield Finding("ok", f"{len(items)} machines are registered")


def _totals(http: httpx.Client) -> Iterator[Finding]:
    answer = http.post("/scores/v1/verify")
    answer.raise_for_status()
    found = answer.json()
    if found["ok"]:
        yield Finding("ok", f"{found['totals']} totals agree with their facts")
    else:
        yield Finding("fail", f"{found['difference_count']} totals differ from their facts", "kinerja scores verify")


def _certificate(http: httpx.Client, now: datetime) -> Iterator[Finding]:
    if http.base_url.scheme != "https":
        return
    with (
        socket.create_connection((http.base_url.host, http.base_url.port or 443), timeout=10) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=http.base_url.host) as connection,
    ):
        certificate = connection.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    days = (ends - now).days
    state: Literal["ok", "warn"] = "ok" if days >= CERTIFICATE_DAYS_MIN else "warn"
    yield Finding(
        state, f"the certificate is valid for {days} days", "" if state == "ok" else "docker compose logs gateway"
    )


def _disk(folder: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(folder)
    free = usage.free / usage.total
    words = f"{free:.0%} of the disk here is free"
    if free < DISK_FREE_MIN:
        yield Finding("fail", words, "docs/runbooks/database-full.md")
    else:
        yield Finding("warn" if free < DISK_FREE_LOW else "ok", words)


def _json(http: httpx.Client, path: str) -> dict[str, list[dict[str, str | None]]]:
    answer = http.get(path)
    answer.raise_for_status()
    found: dict[str, list[dict[str, str | None]]] = answer.json()
    return found
