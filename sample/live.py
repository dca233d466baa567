"""Shows how scores and notices change: a table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sample.city import City

__all__ = ["watch"]

REFRESH_SECONDS = 1.0


async def watch(city: City, console: Console, say: Callable[[str], None]) -> None:
    """Shows the running system until cancelled."""
    before: dict[str, Any] = {}
    seen: set[str] = set()
    if not console.is_terminal:
        while True:
            scores, notices = await _read(city)
            _tell(city, before, seen, scores, notices, say)
            before = scores
            await asyncio.sleep(REFRESH_SECONDS)
    with Live(console=console, refresh_per_second=4) as live:
        while True:
            scores, notices = await _read(city)
            live.update(_table(city, before, scores, notices))
            before = scores
            await asyncio.sleep(REFRESH_SECONDS)


async def _read(city: City) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    scores = {item["employee_id"]: item for item in await city.pages("/scores/v1/employees")}
    return scores, await city.pages("/notices/v1/notices")


def _table(city: City, before: dict[str, Any], scores: dict[str, Any], notices: list[dict[str, Any]]) -> Table:
    table = Table(
        "unit", "officer", "score", "", "band", "days absent", "revision", "notices", title="Kinerja, the sample office"
    )
    for unit, officer in city.everyone():
        key = city.id_of(officer)
        item = scores.get(key)
        letters = ", ".join(f"{n['kind']} {n['state']}" for n in notices if n["employee_id"] == key)
        if item is None:
            table.add_row(unit.org_unit_id, officer.name, "-", "", "", "", "", letters)
            continue
        table.add_row(
            unit.org_unit_id,
            officer.name,
            item["score"] or "-",
            _arrow(before.get(key), item),
            (item["band"] or "") + ("" if item["complete"] else " (incomplete)"),
            str(item["unexcused_days"]),
            str(item["revision"]),
            letters,
        )
    return table


def _arrow(old: dict[str, Any] | None, new: dict[str, Any]) -> str:
    if old is None or old["score"] is None or new["score"] is None or old["score"] == new["score"]:
        return ""
    return "[green]▲[/]" if float(new["score"]) > float(old["score"]) else "[red]▼[/]"


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
        mark = f"{notice['notice_id']}/{notice['state']}"
        if mark not in seen:
            seen.add(mark)
            say(
                f"notice {names.get(notice['employee_id'], '')}: {notice['kind']} {notice['indicator'] or ''} {notice['state']}"
            )
