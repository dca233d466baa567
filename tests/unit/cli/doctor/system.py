"""A system whose answers a test changes."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

from cli.doctor.doctor import Finding, examine

Usage = namedtuple("Usage", "total used free")
NOW = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)


ROSTER_END = {
    "org_unit_id": "igd", "by_roster": 60, "without_entry": 12, "from_date": "2026-08-11", "last_entry": "2026-08-09"
}  # fmt: skip


SIGNAL = {"kind": "TWO_ADDRESSES", "first_at": "2026-08-04", "detail": "also from 10.0.9.9"}


BUILTIN = {"provider": "builtin", "depends_on_library": False, "changes": []}


LIBC = {"provider": "libc", "depends_on_library": True, "changes": []}


CHANGE = {"collation": "default", "recorded": "2.36", "actual": "2.41"}


HELD_LONG = (NOW - timedelta(hours=2)).isoformat()


HELD = {"topic": "asn.score.v1", "error": "TooLarge"}


class System:
    """A running system with configurable answers."""

    def __init__(self) -> None:
        self.ready = 200
        self.date = NOW
        self.parked: list[dict[str, Any]] = []
        self.more: str | None = None
        self.held: list[dict[str, Any]] = []
        self.keys: list[dict[str, Any]] = []
        self.key_is_known = True
        self.machine: dict[str, Any] = {
            "serial": "M1", "clock_wrong_since": None, "in_declared_outage": False, "in_service_to": None,
            "last_contact_at": (NOW - timedelta(minutes=5)).isoformat(), "signals": [], "has_secret": False,
            "address": "10.0.7.5", "org_unit_id": "u1",
        }  # fmt: skip
        self.more_machines: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.oldest: datetime | None = NOW - timedelta(days=30)
        self.bytes = 7 * 1_048_576
        self.canary: httpx.Response = httpx.Response(200, json={"as_of": (NOW - timedelta(seconds=40)).isoformat()})
        self.roster_ends: list[dict[str, Any]] = []
        self.quarantined: list[dict[str, Any]] = []
        self.text_order: dict[str, Any] = BUILTIN
        self.kept: int | None = 3
        self.in_flight = False
        self.mails: dict[str, Any] = {
            "mail_server": {"server": "mail.example.go.id:587"}, "waiting": 3, "held": 0, "held_since": None, "held_by": None,
        }  # fmt: skip
        self.verified: dict[str, Any] = {"ok": True, "totals": 7, "difference_count": 0}

    def digest(self, request: httpx.Request) -> httpx.Response:
        """Scoring and the owner have one thing of each topic; `kept` is scoring's revision, None if missing."""
        reader = request.url.path.split("/")[1] != {"asn.attendance-day.v1": "attendance"}.get(
            request.url.path.split("/")[4]
        )
        revision = self.kept if reader and "asn.attendance-day.v1" in request.url.path else 3
        there = revision is not None
        if request.url.path.endswith("/things"):
            items = [{"thing": "officer/2026-08-04", "revision": revision, "hash": f"{revision}"}] if there else []
            return httpx.Response(200, json={"in_flight": self.in_flight, "more": False, "items": items})
        sums = ["0"] * 255 + [f"{revision}" if there else "0"]
        body = {"semester": "2026-S2", "things": int(there), "in_flight": self.in_flight, "buckets": sums}
        return httpx.Response(200, json=body)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/health/ready"):
            return httpx.Response(self.ready, text="ok\n" if self.ready == 200 else "relay does not reach the broker\n")
        if path.endswith("/health/live"):
            return httpx.Response(200, headers={"date": format_datetime(self.date, usegmt=True)})
        if path == "/scores/v1/canary":
            return self.canary
        if not self.key_is_known:
            return httpx.Response(401)
        if path == "/attendance/v1/units":
            return httpx.Response(200, json={"items": [], "next": None})
        if path.endswith("/dead-letters"):
            return httpx.Response(200, json={"items": self.parked, "next": self.more})
        if path.endswith("/outbox/held"):
            items = self.held if path.startswith("/scores") else []
            return httpx.Response(200, json={"items": items, "next": None})
        if path.endswith("/v1/text-order"):
            return httpx.Response(200, json=self.text_order if path.startswith("/notices") else BUILTIN)
        if path.endswith("/api-keys"):
            return httpx.Response(200, json={"items": self.keys, "next": None})
        if path == "/attendance/v1/machines":
            return httpx.Response(200, json=[self.machine, *self.more_machines])
        if path == "/attendance/v1/machines/refused":
            return httpx.Response(200, json=self.refused)
        if path == "/attendance/v1/retention":
            oldest = None if self.oldest is None else self.oldest.isoformat()
            kept = {"store": "journal", "rows": 5, "bytes": self.bytes, "oldest_at": oldest, "kept_days": 30}
            return httpx.Response(200, json=[kept])
        if path == "/attendance/v1/by-roster/ends":
            return httpx.Response(200, json=self.roster_ends)
        if path == "/feedback/v1/quarantine":
            return httpx.Response(200, json={"items": self.quarantined, "next": self.more})
        if path == "/notices/v1/mail":
            return httpx.Response(200, json=self.mails)
        if "/v1/digests/" in path:
            return self.digest(request)
        if path == "/scores/v1/verify":
            return httpx.Response(200, json=self.verified)
        raise AssertionError(path)


def findings(system: System, url: str = "http://testserver") -> list[Finding]:
    with httpx.Client(transport=httpx.MockTransport(system.answer), base_url=url) as http:
        return list(examine(http, lambda: NOW, pause=lambda _: None))


def key(ends: int, used: int = -1) -> dict[str, Any]:
    """A key that is half a year old."""
    moments = {"created_at": -180, "expires_at": ends, "last_used_at": used}
    return {
        "id": "0198f7b0-9d2c-7e11-8a34-6b5c4d3e2f10", "name": "hris", "scopes": ["scores:read"], "state": "active",
        "machines": None, "employee_id": None, "org_unit_ids": None,
        **{name: (NOW + timedelta(days=days)).isoformat() for name, days in moments.items()},
    }  # fmt: skip


def set_to(name: str, value: Any) -> Callable[[System], None]:
    return lambda system: setattr(system, name, value)
