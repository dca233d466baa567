"""`kinerja units`, and the check of a unit's name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import httpx

from cli.client import client, pages
from cli.group import subject
from cli.output import JsonOption, nothing, print_json, table
from cli.terminal import fail

__all__ = ["app", "check_known", "check_units"]

app = subject("Units: list.")


@app.callback()
def units() -> None:
    """Units: list."""


@app.command("list")
def list_units(*, as_json: JsonOption = False) -> None:
    """Lists units with the numbers of their present officers and of the machines in service."""
    with client() as http:
        found = list(pages(http, "/attendance/v1/units"))
    if as_json:
        print_json(found)
    elif not found:
        nothing("no units")
    else:
        rows = ((unit["org_unit_id"], unit["name"], unit["officers"], unit["machines"]) for unit in found)
        table(("UNIT", "NAME", "OFFICERS", "MACHINES"), rows, wraps=("UNIT", "NAME"))


def check_units(http: httpx.Client, wanted: Sequence[str]) -> None:
    """Ends the command if a unit does not exist."""
    if wanted:
        check_known("unit", wanted, [unit["org_unit_id"] for unit in pages(http, "/attendance/v1/units")])


def check_known(kind: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Ends the command with status 1 if a name is not known; suggests similar ones."""
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3)
            hint = f"; perhaps {' or '.join(close)}" if close else ""
            raise fail(f"no such {kind}: {name}{hint}. kinerja {kind}s list shows all.")
