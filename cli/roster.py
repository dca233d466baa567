"""`kinerja roster`: the people of the city and their shifts, from the HR agency's files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client import client, request
from cli.group import subject
from cli.progress import doing

__all__ = ["app"]

app = subject("Officers and units, and who works when.")

CsvFile = Annotated[
    Path, typer.Argument(help="A CSV file in UTF-8 with a header.", exists=True, dir_okay=False, readable=True)
]


@app.command("import")
def import_file(file: CsvFile) -> None:
    """Takes a file of officers, all of it or nothing; ends with status 1 and the faulty lines when it is refused.

    Columns: nip, name, employment_type, org_unit_id, org_unit_name, active_from; optional superior_nip, email, active_to,
    unit_from and employment_type_from (since when unit and type are these, also on a past or future date).
    """
    _send("/attendance/v1/roster", file)


@app.command("shifts")
def import_shifts(file: CsvFile) -> None:
    """Takes a roster of shifts, all of it or nothing; ends with status 1 and the faulty lines when it is refused.

    Columns: nip, work_date, start, end (an end not after the start is on the next date; both empty: a day off); optional
    break_minutes, entry (shift, off, or none, which takes an entry back).
    """
    _send("/attendance/v1/shifts/file", file)


def _send(path: str, file: Path) -> None:
    with client() as http, doing(f"sending {file.name}"):
        headers = {"Content-Type": "text/csv; charset=utf-8"}
        report = request(http, "POST", path, content=file.read_bytes(), headers=headers).json()
    for name in ("created", "changed", "removed", "unchanged"):
        if name in report:
            typer.echo(f"{name}: {report[name]}")
