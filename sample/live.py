"""Shows how scores and notices change: a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table

from sample.city import City

__all__ = ["office_table", "watch"]

REFRESH_SECONDS = 1.0
PAGE_SECONDS = 8.0
"""How long a part of the officers is shown, where a terminal is too low for all."""
FRAME_LINES = 6
"""The lines of a terminal that hold no officer: title, header, rule, frame, cursor."""


async def watch(city: City, console: Console, say: Callable[[str], None]) -> None:
    """Shows the running system until cancelled. Lines are only about changes since now, not about what a former run showed."""
    scores, notices = await _read(city)
    before, seen = scores, {_state_key(notice) for notice in notices}
    if not console.is_terminal:
        while True:
            _tell(city, before, seen, scores, notices, say)
            before = scores
            await asyncio.sleep(REFRESH_SECONDS)
            scores, notices = await _read(city)
    with Live(console=console, refresh_per_second=4) as live:
        while True:
            page = int(time.monotonic() / PAGE_SECONDS)
            live.update(office_table(city, before, scores, notices, height=console.height, page=page))
            before = scores
            await asyncio.sleep(REFRESH_SECONDS)
            scores, notices = await _read(city)


async def _read(city: City) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    scores = {item["employee_id"]: item for item in await city.pages("/scores/v1/employees")}
    return scores, await city.pages("/notices/v1/notices")


def office_table(
    city: City,
    before: dict[str, Any],
    scores: dict[str, Any],
    notices: list[dict[str, Any]],
    *,
    height: int,
    page: int,
) -> Table:
    """As many officers as fit into `height` lines and 80 columns; `page` counts on, and begins again after the last one."""
    everyone = city.everyone()
    most = max(1, height - FRAME_LINES)
    begin = page % math.ceil(len(everyone) / most) * most
    shown = everyone[begin : begin + most]
    title = f"Kinerja, the sample office: officers {begin + 1} to {begin + len(shown)} of {len(everyone)}"
    table = Table(title=title, box=SIMPLE_HEAD)
    for name in ("officer", "score", "band", "days absent", "notices"):
        table.add_column(name, no_wrap=True)
    for _, officer in shown:
        key = city.id_of(officer)
        item = scores.get(key)
        letters = [notice for notice in notices if notice["employee_id"] == key]
        drafts = sum(notice["state"] == "draft" for notice in letters)
        told = f"{len(letters)} ({drafts} draft)" if drafts else str(len(letters) or "")
        if item is None:
            table.add_row(officer.name, "-", "", "", told)
            continue
        score = f"{item['score'] or '-'} {_arrow(before.get(key), item)}"
        band = (item["band"] or "") + ("" if item["complete"] else ", partial")
        table.add_row(officer.name, score, band.removeprefix(", "), str(item["unexcused_days"]), told)
    return table


def _arrow(old: dict[str, Any] | None, new: dict[str, Any]) -> str:
    if old is None or old["score"] is None or new["score"] is None or old["score"] == new["score"]:
        return ""
    return "[green]▲[/]" if float(new["score"]) > float(old["score"]) else "[red]▼[/]"


def _state_key(notice: dict[str, Any]) -> str:
    return f"{notice['notice_id']}/{notice['state']}"


def _tell(
    city: City,
    before: dict[str, Any],
    seen: set[str],
    scores: dict[str, Any],
    notices: list[dict[str, Any]],
    say: Callable[[str], None],
) -> None:
    names = {city.id_of(officer): officer.name for _, officer in city.everyone()}
    for key, item in scores.items():
        old = before.get(key)
        if old is not None and old["score"] != item["score"]:
            say(f"score {names.get(key, key)}: {old['score']} -> {item['score']} {item['band']}")
    for notice in notices:
        key = _state_key(notice)
        if key not in seen:
            seen.add(key)
            say(
                f"notice {names.get(notice['employee_id'], '')}: {notice['kind']} {notice['indicator'] or ''} {notice['state']}"
            )
