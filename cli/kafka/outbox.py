"""`kinerja outbox`: events that cannot be published, in all services."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from cli.client import PREFIXES, client, pages, prefix_of, request
from cli.group import subject
from cli.output import JsonOption, city_time, entry, nothing, print_json
from cli.terminal import echo, id_of

__all__ = ["app"]

app = subject("Events that cannot be published: list, drop.")


@app.command("list")
def list_held(*, as_json: JsonOption = False) -> None:
    """Lists refused events with the reason, and how many wait behind each: a few lines per event."""
    with client() as http:
        found = [
            {"service": service, **item}
            for service, prefix in PREFIXES.items()
            for item in pages(http, f"/{prefix}/v1/outbox/held")
        ]
    if as_json:
        print_json(found)
        return
    for item in found:
        entry(
            f"{item['service']} {item['event_id']}",
            f"{item['topic']} key {item['key']}, {item['value_bytes']} bytes",
            f"since {city_time(item['held_since'])}, attempts {item['attempts']}, {item['behind']} wait behind it",
            item["error"],
        )
    if not found:
        nothing("no event is held back")


@app.command()
def drop(
    service: Annotated[str, typer.Argument(help=f"One of: {', '.join(PREFIXES)}.")],
    event: Annotated[
        UUID,
        typer.Argument(
            metavar="EVENT", parser=id_of("kinerja outbox list"), help="The event's id, as `list` prints it."
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why it must never be published, in one line of up to 500 characters.")],
) -> None:
    """Drops a refused event: it is kept but never published, and the events behind it are published."""
    prefix = prefix_of(service)
    with client() as http:
        request(http, "POST", f"/{prefix}/v1/outbox/held/{event}/drop", json={"reason": reason})
    echo(f"dropped {event}")
