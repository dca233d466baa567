"""Prints lists and single items: for a terminal, for a pipe, and as JSON.

Standard output has only the items; messages go to standard error. On a terminal a line fits the width (at least 80 columns)
and nothing is cut: a long cell continues in the next line. In a pipe each row is one line. No colours, no boxes.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.connection import connection
from cli.terminal import echo, fail, visible, visible_json

__all__ = [
    "JsonOption",
    "city_time",
    "city_zone",
    "details",
    "entry",
    "folded",
    "nothing",
    "paragraphs",
    "print_json",
    "table",
]

WIDTH_MIN = 80
"""The narrowest terminal that lists are made for."""
WIDTH_PIPED = 100_000
INDENT = "  "

JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's JSON, for scripts.")]


def width() -> int:
    """The width in columns: the terminal's (or $COLUMNS), at least 80; unlimited in a pipe."""
    if not os.environ.get("COLUMNS", "").isdigit() and not sys.stdout.isatty():
        return WIDTH_PIPED
    return max(WIDTH_MIN, shutil.get_terminal_size((WIDTH_MIN, 24)).columns)


def print_json(value: Any) -> None:
    """One JSON value, indented."""
    echo(visible_json(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()))


def nothing(text: str) -> None:
    """Prints that a list has no items. Standard output stays empty, and the exit status is 0."""
    echo(text, err=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, wraps: Sequence[str] = ()) -> None:
    """Rows below their columns' names. A column in `wraps` may continue in the next line; all others fit 80 columns."""
    printed = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for name in columns:
        printed.add_column(name, no_wrap=name not in wraps, overflow="fold")
    for row in rows:
        printed.add_row(*(Text("" if cell is None else visible(str(cell)).replace("\n", " ")) for cell in row))
    paper = io.StringIO()
    Console(file=paper, width=width(), color_system=None, legacy_windows=False).print(printed)
    for line in paper.getvalue().splitlines():
        echo(line.rstrip())


def entry(head: str, *more: str) -> None:
    """An item with an id for other commands: the line with the id first, then its details, indented and folded."""
    echo(head)
    for text in more:
        if text:
            echo(folded(text))


def details(pairs: Mapping[str, object]) -> None:
    """Names and values, one below the other; a value that is None or empty is left out."""
    shown = {name: str(value) for name, value in pairs.items() if value not in (None, "")}
    left = max((len(name) for name in shown), default=0) + 2
    for name, value in shown.items():
        echo(folded(f"{name:{left}}{value}", first="", then=" " * left))


def paragraphs(text: str) -> None:
    """A letter, each of its lines folded to the width."""
    for line in text.splitlines():
        echo(folded(line, first="", then="") if line.strip() else "")


def folded(text: str, first: str = INDENT, then: str = INDENT) -> str:
    """Text in lines of the width; a longer word, such as an id, is not cut."""
    lines = textwrap.wrap(
        visible(text),
        width(),
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return "\n".join(lines)


def city_zone() -> ZoneInfo:
    """The zone of the city's units: KINERJA_TIMEZONE, from the environment or connect.env; Asia/Jakarta if unset."""
    name = connection().get("KINERJA_TIMEZONE") or "Asia/Jakarta"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise fail(f"KINERJA_TIMEZONE is not an IANA zone: {name}; write it as in Asia/Jakarta") from error


def city_time(moment: str | None, never: str = "never") -> str:
    """An instant in ISO form as `2026-08-04 07:21` in the city's zone."""
    if moment is None:
        return never
    return f"{datetime.fromisoformat(moment).astimezone(city_zone()):%Y-%m-%d %H:%M}"
