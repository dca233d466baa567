"""The sample's output: a table that fits a small terminal, and lines only for changes."""

from __future__ import annotations

import asyncio
import io
import math
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from rich.console import Console

from sample import live
from sample.city import City
from sample.live import FRAME_LINES, office_table, watch
from sample.office import OFFICE
from sample.play import city_console

WIDTH, HEIGHT = 80, 24
NOTICE = {"notice_id": "1", "employee_id": "0", "kind": "coaching", "indicator": "", "state": "draft"}


def score(key: str, value: str | None = "89.73") -> dict[str, Any]:
    return {
        "employee_id": key, "score": value, "band": "SANGAT_BAIK" if value else None, "complete": False,
        "unexcused_days": 12, "revision": 1,
    }  # fmt: skip


@pytest.fixture
def city() -> City:
    found = City("http://testserver", "a key")
    found.ids = {officer.nip: str(number) for number, (_, officer) in enumerate(found.everyone())}
    return found


def test_the_table_fits_a_small_terminal_and_shows_everyone_in_turn(city: City) -> None:
    everyone = [officer.name for unit in OFFICE for officer in unit.officers]
    scores = {key: score(key) for key in city.ids.values()}
    old = {key: score(key, "80.00") for key in scores}
    notices = [NOTICE | {"employee_id": key} for key in scores for _ in range(3)]
    shown = []
    for page in range(math.ceil(len(everyone) / (HEIGHT - FRAME_LINES))):
        out = io.StringIO()
        console = Console(file=out, width=WIDTH, height=HEIGHT)
        console.print(office_table(city, old, scores, notices, height=HEIGHT, page=page))
        lines = out.getvalue().splitlines()
        assert len(lines) < HEIGHT
        assert "\u2026" not in out.getvalue()
        rows = [
            line
            for line in lines
            if "89.73 \u25b2" in line and "SANGAT_BAIK, partial" in line and "3 (3 draft)" in line
        ]
        shown += [name for line in rows for name in everyone if name in line]
    assert shown == everyone


def test_an_officer_without_a_score_has_a_row(city: City) -> None:
    out = io.StringIO()
    scores = {"0": score("0", None)}
    Console(file=out, width=WIDTH).print(office_table(city, {}, scores, [], height=100, page=3))
    [none, missing] = [line.split() for line in out.getvalue().splitlines() if "Afrizal" in line or "Betty" in line]
    assert none == ["Afrizal", "Tanjung", "-", "partial", "12"]
    assert missing == ["Betty", "Marlina", "-"]


async def test_lines_are_about_changes_and_not_about_old_notices(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "REFRESH_SECONDS", 0.0)
    states, said = iter(["draft", "draft", "released"]), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        if "scores" in request.url.path:
            return httpx.Response(200, json={"items": [], "next": None})
        state = next(states, None)
        if state is None:
            raise asyncio.CancelledError
        return httpx.Response(200, json={"items": [NOTICE | {"state": state}], "next": None})

    city.operator = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url=city.url)
    with pytest.raises(asyncio.CancelledError):
        await watch(city, Console(file=io.StringIO()), said.append)
    assert len(said) == 1
    assert said[0].endswith("released")
    await city.close()


def test_times_are_those_of_the_city() -> None:
    moment = city_console("Asia/Jakarta").get_datetime()
    assert moment.tzinfo == ZoneInfo("Asia/Jakarta")
    assert isinstance(moment, datetime)
