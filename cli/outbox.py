"""`kinerja outbox`: events that cannot be published, in all services."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from cli.client import PREFIXES, client, folded, pages, prefix_of, request

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Events that cannot be published: list, drop.")


@app.command("list")
def list_held() -> None:
    """Lists refused events with the reason, and how many wait behind each: a few lines an event."""
    found = False
    with client() as http:
        for service, prefix in PREFIXES.items():
            for item in pages(http, f"/{prefix}/v1/outbox/held"):
                found = True
                typer.echo(f"{service} {item['event_id']}")
                typer.echo(f"  {item['topic']} key {item['key']}, {item['value_bytes']} bytes")
                typer.echo(
                    f"  since {item['held_since']}, attempts {item['attempts']}, {item['behind']} wait behind it"
                )
                typer.echo(folded(item["error"]))
    if not found:
        typer.echo("no event is held back")


@app.command()
def drop(
    service: Annotated[str, typer.Argument(help=f"One of: {', '.join(PREFIXES)}.")],
    event: Annotated[UUID, typer.Argument(help="The event's id, as `list` prints it.")],
    reason: Annotated[str, typer.Option(help="Why it shall never be published, in one line of up to 500 characters.")],
) -> None:
    """Gives up a refused event: it is kept, is never published, and those behind it are published."""
    prefix = prefix_of(service)
    with client() as http:
        request(http, "POST", f"/{prefix}/v1/outbox/held/{event}/drop", json={"reason": reason})
    typer.echo(f"dropped {event}")
