"""`kinerja roster`: the people of the city and their shifts, from the HR agency's files."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.client import client, request
from cli.group import subject
from cli.progress import doing
from cli.terminal import echo, fail, usage
from services.attendance.people.file_columns import ROSTER_COLUMNS, SHIFT_COLUMNS
from shared.office_files import CSV_TYPE, XLSX_TYPE, is_xlsx
from shared.office_files.sample_file import sample_csv, sample_xlsx

__all__ = ["app"]

app = subject("Officers and units, and who works when.")

OfficeFile = Annotated[Path, typer.Argument(help="A CSV or XLSX file with a header; '-' is standard input.")]


STDIN = STDOUT = Path("-")


class Format(StrEnum):
    """Of a sample file."""

    CSV = "csv"
    XLSX = "xlsx"


@app.command("import")
def import_file(file: OfficeFile) -> None:
    """Imports a file of officers, all of it or nothing; ends with status 1 and the faulty lines when it is refused.

    Columns: nip, name, employment_type, org_unit_id, org_unit_name, active_from; optional superior_nip, email, active_to,
    unit_from and employment_type_from (since when unit and type are these, also on a past or future date). Without an
    optional column the stored values stay; a blank cell removes the value. Indonesian names of them, and what files may be:
    docs/office-files.md. A sample: kinerja roster template.
    """
    _send("/attendance/v1/roster", file)


@app.command("shifts")
def import_shifts(file: OfficeFile) -> None:
    """Imports a roster of shifts, all of it or nothing; ends with status 1 and the faulty lines when it is refused.

    Columns: nip, work_date, start, end (an end not after the start is on the next date; both empty: a day off); optional
    break_minutes, entry (shift, off, or none, which takes an entry back). Indonesian names of them, and what files may be:
    docs/office-files.md. A sample: kinerja roster template --shifts.
    """
    _send("/attendance/v1/shifts/file", file)


@app.command()
def template(
    output: Annotated[
        Path | None, typer.Argument(help="Where to write; '-' is standard output. Without it roster.xlsx or the like.")
    ] = None,
    *,
    shifts: Annotated[bool, typer.Option("--shifts", help="A roster of shifts instead of officers.")] = False,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Else by the file's name, else xlsx. CSV loses NIPs when Excel opens it."),
    ] = None,
) -> None:
    """Writes a sample file: replace its two lines, then import it. No existing file is overwritten."""
    name = "shifts" if shifts else "roster"
    columns = SHIFT_COLUMNS if shifts else ROSTER_COLUMNS
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    if form is None:
        form = Format.CSV if suffix == Format.CSV else Format.XLSX
    if suffix and suffix != form:
        raise usage(f"{output} is not named as a file of the format {form}: give a name that ends in .{form}")
    content = sample_csv(columns) if form is Format.CSV else sample_xlsx(columns, name)
    if output == STDOUT:
        sys.stdout.buffer.write(content)
        return
    path = output or Path(f"{name}.{form}")
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise fail(f"{path} is there already: name another file") from None
    except OSError as error:
        raise fail(f"{path} cannot be written: {error.strerror}") from error
    echo(f"{path}: replace its two sample lines, then kinerja roster {'shifts' if shifts else 'import'} {path}")


def _read(file: Path) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise usage(f"{file} cannot be read: {error.strerror}") from error


def _send(path: str, file: Path) -> None:
    body = _read(file)
    with client() as http, doing(f"sending {file.name}"):
        headers = {"Content-Type": XLSX_TYPE if is_xlsx(body) else CSV_TYPE}
        report = request(http, "POST", path, content=body, headers=headers).json()
    for name in ("created", "changed", "removed", "unchanged"):
        if name in report:
            echo(f"{name}: {report[name]}")
    for note in report.get("notes", []):
        echo(f"note: {note}")
