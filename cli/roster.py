"""`kinerja roster`: the people of the city, from the HR agency's file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client import client, request

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Officers and units.")


@app.callback()
def group() -> None:
    """Keeps `import` a sub-command although it is the only one."""


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="A CSV file in UTF-8 with a header.", exists=True, dir_okay=False, readable=True)
    ],
) -> None:
    """Takes a roster file, all of it or nothing; ends with status 1 and the faulty lines when it is refused."""
    with client() as http:
        answer = request(
            http,
            "POST",
            "/attendance/v1/roster",
            content=file.read_bytes(),
            headers={"Content-Type": "text/csv; charset=utf-8"},
        )
    report = answer.json()
    for name in ("created", "changed", "unchanged"):
        typer.echo(f"{name}: {report[name]}")
