"""`kinerja dead-letters`: records that could not be used, in all services that consume."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Column, Table

from cli.client import client, fail, pages, request

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Records that could not be used: list, show, release.")

PREFIXES = {"scoring": "scores", "feedback": "feedback", "notifications": "notices"}
ServiceArgument = Annotated[str, typer.Argument(help=f"One of: {', '.join(PREFIXES)}.")]
RecordArgument = Annotated[str, typer.Argument(help="TOPIC/PARTITION/OFFSET, as `list` prints it.")]


@app.command("list")
def list_parked(
    *, released: Annotated[bool, typer.Option("--released", help="Also those already released.")] = False
) -> None:
    """Lists parked records, oldest position first."""
    table = Table(
        "service", Column("record", no_wrap=True, min_width=30), "reason", "bytes", "parked at", "released at"
    )
    with client() as http:
        for service, prefix in PREFIXES.items():
            for item in pages(http, f"/{prefix}/v1/dead-letters", released=released):
                record = f"{item['topic']}/{item['partition']}/{item['offset']}"
                size = "-" if item["value_bytes"] is None else str(item["value_bytes"])
                table.add_row(service, record, item["reason"], size, item["parked_at"], item["released_at"] or "")
    Console(soft_wrap=True).print(table)


@app.command()
def show(service: ServiceArgument, record: RecordArgument) -> None:
    """Prints one parked record with its bytes, as JSON."""
    with client() as http:
        answer = request(http, "GET", _path(service, record)).json()
    typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())


@app.command()
def release(service: ServiceArgument, record: RecordArgument) -> None:
    """Gives a parked record to its handler again; it stays parked when that still cannot use it."""
    with client() as http:
        request(http, "POST", f"{_path(service, record)}/release")
    typer.echo(f"released {record}")


def _path(service: str, record: str) -> str:
    if service not in PREFIXES:
        raise fail(f"no such service: {service}; one of {', '.join(PREFIXES)}")
    parts = record.split("/")
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
        raise fail("a record is named TOPIC/PARTITION/OFFSET, as `kinerja dead-letters list` prints it")
    return f"/{PREFIXES[service]}/v1/dead-letters/{record}"
