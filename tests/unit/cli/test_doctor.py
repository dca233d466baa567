"""What the doctor sees, sick and well."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from cli import doctor
from cli.doctor import Finding, examine

NOW = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)
Usage = namedtuple("Usage", "total used free")


class System:
    """A running system that answers as told."""

    def __init__(self) -> None:
        self.ready = 200
        self.date = NOW
        self.parked: list[dict[str, Any]] = []
        self.machine: dict[str, Any] = {
            "serial": "M1", "last_contact_at": (NOW - timedelta(minutes=5)).isoformat(), "clock_wrong_since": None,
        }  # fmt: skip
        self.verified: dict[str, Any] = {"ok": True, "totals": 7, "difference_count": 0}

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/health/ready"):
            return httpx.Response(self.ready, text="ok\n" if self.ready == 200 else "relay does not reach the broker\n")
        if path.endswith("/health/live"):
            return httpx.Response(200, headers={"date": format_datetime(self.date, usegmt=True)})
        if path.endswith("/dead-letters"):
            return httpx.Response(200, json={"items": self.parked, "next": None})
        if path == "/attendance/v1/machines":
            return httpx.Response(200, json={"items": [self.machine], "next": None})
        if path == "/scores/v1/verify":
            return httpx.Response(200, json=self.verified)
        raise AssertionError(path)


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(100, 50, 50))


def findings(system: System) -> list[Finding]:
    with httpx.Client(transport=httpx.MockTransport(system.answer), base_url="http://testserver") as http:
        return list(examine(http, NOW))


def test_a_healthy_system_is_well() -> None:
    assert {found.state for found in findings(System())} == {"ok"}


def _set(name: str, value: Any) -> Callable[[System], None]:
    return lambda system: setattr(system, name, value)


@pytest.mark.parametrize(
    ("spoil", "state", "words"),
    [
        (_set("ready", 503), "fail", "relay does not reach the broker"),
        (_set("date", NOW + timedelta(hours=1)), "fail", "differ by 3600 s"),
        (_set("parked", [{}]), "fail", "1 records wait"),
        (_set("verified", {"ok": False, "totals": 7, "difference_count": 2}), "fail", "2 totals differ"),
        (lambda s: s.machine.update(last_contact_at=(NOW - timedelta(hours=2)).isoformat()), "warn", "silent since"),
        (lambda s: s.machine.update(last_contact_at=None), "warn", "never heard of"),
        (lambda s: s.machine.update(clock_wrong_since=NOW.isoformat()), "fail", "clock is wrong"),
    ],
)
def test_each_fault_is_named_with_what_to_do(spoil: Callable[[System], None], state: str, words: str) -> None:
    system = System()
    spoil(system)
    found = [finding for finding in findings(system) if finding.state != "ok"]
    assert found
    assert {finding.state for finding in found} == {state}
    assert all(words in finding.what for finding in found)
    assert all(finding.todo for finding in found)


@pytest.mark.parametrize(("free", "state"), [(4, "fail"), (10, "warn"), (20, "ok")])
def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage(100, 100 - free, free))
    assert findings(System())[-1].state == state


def test_a_system_that_is_away_fails_every_check_and_ends_none() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with httpx.Client(transport=httpx.MockTransport(refuse), base_url="http://testserver") as http:
        found = list(examine(http, NOW))
    assert [finding.state for finding in found] == ["fail"] * 5 + ["ok"]
