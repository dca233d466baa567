"""`kinerja outbox`: events that cannot be published, in all services."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.client import PREFIXES, client, fail, pages, request

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Events that cannot be published: list, drop.")


@app.command("list")
def list_held() -> None:
    """Lists refused events with the reason, and how many wait behind each."""
    table = Table(
        "service", Column("event", no_wrap=True), "topic", "key", "bytes", "since", "attempts", "behind", "error"
    )
    with client() as http:
        for service, prefix in PREFIXES.items():
            for item in pages(http, f"/{prefix}/v1/outbox/held"):
                numbers = [str(item["attempts"]), str(item["behind"])]
                cells = [item["event_id"], item["topic"], escape(item["key"]), str(item["value_bytes"])]
                table.add_row(service, *cells, item["held_since"], *numbers, escape(item["error"]))
    Console(soft_wrap=True).print(table)


@app.command()
def drop(
    service: Annotated[str, typer.Argument(help=f"One of: {', '.join(PREFIXES)}.")],
    event: Annotated[UUID, typer.Argument(help="The event's id, as `list` prints it.")],
    reason: Annotated[str, typer.Option(help="Why it shall never be published, in one line of up to 500 characters.")],
) -> None:
    """Gives up a refused event: it is kept, is never published, and those behind it are published."""
    if service not in PREFIXES:
        raise fail(f"no such service: {service}; one of {', '.join(PREFIXES)}")
    with client() as http:
        request(http, "POST", f"/{PREFIXES[service]}/v1/outbox/held/{event}/drop", json={"reason": reason})
    typer.echo(f"dropped {event}")
