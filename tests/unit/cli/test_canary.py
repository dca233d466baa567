"""The canary's machine is healthy only while its punches become published scores."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cli.stack import canary as module
from cli.stack.canary import Canary, NotArrivedError, canary_app
from shared.contracts.events.canary import CanaryMachine

WIB = ZoneInfo("Asia/Jakarta")
MACHINE = CanaryMachine.of("canary-key-of-the-tests")
NOW = datetime(2026, 8, 5, 9, 0, 30)  # noqa: DTZ001 - local time


class System:
    """The gateway as the canary sees it: punches accepted, and a score that follows."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.punch = "OK: 2"
        self.score: dict[str, Any] | None = {
            "first_in": "2026-08-03T00:00:01+07:00",
            "last_out": "2026-08-03T02:01:00+00:00",
            "published": True,
        }

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/iclock/cdata" and request.method == "POST":
            assert dict(request.url.params) == {
                "SN": MACHINE.serial, "ComKey": MACHINE.comm_key, "table": "ATTLOG", "Stamp": "9999"
            }  # fmt: skip
            self.bodies.append(request.content.decode())
            return httpx.Response(200 if self.punch.startswith("OK") else 503, text=self.punch)
        if request.url.path == "/scores/v1/canary":
            return httpx.Response(404) if self.score is None else httpx.Response(200, json=self.score)
        return httpx.Response(200, text="OK")

    def canary(self) -> Canary:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer), base_url="http://testserver")
        return Canary(http, WIB, MACHINE)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ARRIVAL_SECONDS_MAX", 20.0)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)


async def test_it_pushes_the_minutes_punch_and_is_well_when_the_score_has_it() -> None:
    system = System()
    watched = system.canary()
    assert not watched.well
    await watched.punch(NOW)
    assert watched.well
    assert system.bodies == ["1\t2026-08-03 00:00:01\t255\t1\t\t0\t0\n1\t2026-08-03 09:01:00\t255\t1\t\t0\t0\n"]
    assert watched.registry.get_sample_value("kinerja_canary_seconds_count") == 1
    assert (watched.registry.get_sample_value("kinerja_canary_age_seconds") or 0) < 5


async def test_the_first_minute_is_the_arrival_alone() -> None:
    system = System()
    await system.canary().punch(NOW.replace(hour=0, minute=0))
    assert system.bodies == ["1\t2026-08-03 00:00:01\t255\t1\t\t0\t0\n"]


@pytest.mark.parametrize(
    ("spoil", "step"),
    [
        ({"punch": "Service Unavailable"}, "punch"),
        ({"score": None}, "score"),
        ({"score": {"first_in": None, "last_out": "2026-08-03T09:01:00+07:00", "published": False}}, "score"),
        ({"score": {"first_in": None, "last_out": "2026-08-03T09:00:00+07:00", "published": True}}, "score"),
    ],
    ids=["not accepted", "no score", "not published", "an older punch"],
)
async def test_whatever_is_missing_is_reported(
    monkeypatch: pytest.MonkeyPatch, spoil: dict[str, Any], step: str
) -> None:
    monkeypatch.setattr(module, "ARRIVAL_SECONDS_MAX", 0.1)
    system = System()
    for name, value in spoil.items():
        setattr(system, name, value)
    watched = system.canary()
    with pytest.raises(NotArrivedError) as caught:
        await watched.punch(NOW)
    assert caught.value.step == step
    assert not watched.well


async def test_it_grows_old_and_is_no_longer_well(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = System().canary()
    await watched.punch(NOW)
    monkeypatch.setattr(module, "AGE_SECONDS_MAX", -1.0)
    assert not watched.well


async def test_health_and_metrics_tell_it() -> None:
    system = System()
    watched = system.canary()
    transport = httpx.ASGITransport(canary_app(watched))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        answer = await http.get("/canary/health/ready")
        assert (answer.status_code, answer.text[:29]) == (503, "no punch has become a score f")
        await watched.punch(NOW)
        assert (await http.get("/canary/health/ready")).status_code == 200
        assert "kinerja_canary_age_seconds" in (await http.get("/canary/metrics")).text


async def test_failures_are_counted_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "FIRST_POLLS_APART_SECONDS", 0.01)
    system = System()
    system.punch = "Service Unavailable"
    watched = system.canary()
    running = asyncio.create_task(watched.run())
    async with asyncio.timeout(20):
        while len(system.bodies) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    assert (watched.registry.get_sample_value("kinerja_canary_failures_total", {"step": "punch"}) or 0) >= 2
