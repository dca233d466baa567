"""`kinerja dead-letters`: records that could not be used, in all services with a consumer."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any

import httpx
import typer

from cli.client import client, pages, prefix_of, request, words_of
from cli.group import subject
from cli.output import JsonOption, city_time, entry, nothing, print_json
from cli.terminal import echo, fail, usage

__all__ = ["app"]

app = subject("Records that could not be used: list, show, release, dismiss, one or all.")

PREFIXES = {"scoring": "scores", "feedback": "feedback", "notifications": "notices"}
ServiceArgument = Annotated[str, typer.Argument(help=f"One of: {', '.join(PREFIXES)}.")]
RecordArgument = Annotated[str, typer.Argument(help="TOPIC/PARTITION/OFFSET, as `list` prints it.")]


@app.command("list")
def list_parked(
    *,
    released: Annotated[bool, typer.Option("--released", help="Also those already released.")] = False,
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Also those dismissed as wrong for good.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Lists parked records that wait for a person, oldest position first, in a few lines each."""
    query = {"released": released, "dismissed": dismissed}
    with client() as http:
        found = [
            {"service": service, **item}
            for service, prefix in PREFIXES.items()
            for item in pages(http, f"/{prefix}/v1/dead-letters", **query)
        ]
    if as_json:
        print_json(found)
        return
    for item in found:
        size = "no value" if item["value_bytes"] is None else f"{item['value_bytes']} bytes"
        who = f"dismissed {city_time(item['dismissed_at'])} by {item['dismissed_by']}: {item['dismissed_reason']}"
        entry(
            f"{item['service']} {_name(item)} {item['reason']}",
            f"{size}, parked {city_time(item['parked_at'])}",
            who if item["dismissed_at"] is not None else "",
            f"released {city_time(item['released_at'])}" if item["released_at"] is not None else "",
        )
    if not found:
        nothing("no record waits" if not released and not dismissed else "no record is parked")


@app.command()
def show(service: ServiceArgument, record: RecordArgument, *, as_json: JsonOption = True) -> None:
    """Prints one parked record with its bytes, as JSON with or without --json."""
    del as_json
    print_json(_ask("GET", service, record).json())


@app.command()
def release(service: ServiceArgument, record: RecordArgument) -> None:
    """Sends a parked record to its handler again; it stays parked if the handler still cannot use it."""
    _ask("POST", service, record, "/release")
    echo(f"released {record}")


@app.command("release-all")
def release_all(
    service: Annotated[str | None, typer.Argument(help=f"One of: {', '.join(PREFIXES)}; left out: all.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only records with this reason, such as HANDLER_FAILED.")] = None,
) -> None:
    """Releases every waiting record, the oldest position first; prints why a record stays. Status 1 if any stays."""
    chosen = PREFIXES if service is None else {service: prefix_of(service, PREFIXES)}
    with client() as http:
        _try_all(http, _waiting(http, chosen.values(), reason), "release", done="released", refused="stay")


@app.command()
def dismiss(
    service: ServiceArgument,
    record: RecordArgument,
    reason: Annotated[str, typer.Option(help="Why it is wrong for good, in one line of up to 500 characters.")],
) -> None:
    """Ends the waiting of a record that is wrong for good. It is kept, listed with --dismissed, can still be released."""
    _ask("POST", service, record, "/dismiss", json={"reason": reason})
    echo(f"dismissed {record}")


@app.command("dismiss-all")
def dismiss_all(
    code: Annotated[str, typer.Option(help="Only records that wait for this reason, such as NOT_VALID.")],
    reason: Annotated[str, typer.Option(help="Why they are wrong for good, in one line of up to 500 characters.")],
) -> None:
    """Dismisses every record that waits for one reason, in all services; prints which records changed meanwhile, and how."""
    with client() as http:
        waiting = _waiting(http, PREFIXES.values(), code)
        _try_all(http, waiting, "dismiss", done="dismissed", refused="changed meanwhile", json={"reason": reason})


def _name(item: dict[str, Any]) -> str:
    place = f"{item['topic']}/{item['partition']}/{item['offset']}"
    return f"{place}/{item['generation']}" if item["generation"] else place


_Waiting = tuple[str, dict[str, Any]]
"""The prefix of a service and one of its parked records."""


def _waiting(http: httpx.Client, prefixes: Iterable[str], code: str | None) -> list[_Waiting]:
    """The waiting records, optionally of one reason code; a code without waiting records ends the command."""
    found = [(prefix, item) for prefix in prefixes for item in pages(http, f"/{prefix}/v1/dead-letters")]
    codes = sorted({item["reason"] for _, item in found})
    if found and code not in (None, *codes):
        raise fail(f"no record waits for the reason {code}, but for: {', '.join(codes)}")
    return [(prefix, item) for prefix, item in found if code in (None, item["reason"])]


def _try_all(
    http: httpx.Client, waiting: Iterable[_Waiting], action: str, *, done: str, refused: str, **options: Any
) -> None:
    """The action on each record; prints why a service refuses one (409), then how many were done. Status 1 if any was refused."""
    counts = {done: 0, refused: 0}
    try:
        for prefix, item in waiting:
            path = f"/{prefix}/v1/dead-letters/{item['topic']}/{item['partition']}/{item['offset']}/{action}"
            query = {"generation": item["generation"]}
            answer = request(http, "POST", path, params=query, accept=[HTTPStatus.CONFLICT], **options)
            counts[refused if answer.is_error else done] += 1
            if answer.is_error:
                echo(f"{_name(item)} not {done}: {words_of(answer)}", err=True)
    finally:  # also if a service stops answering
        echo(f"{done} {counts[done]}, {counts[refused]} {refused}")
    if counts[refused]:
        raise typer.Exit(1)


def _ask(method: str, service: str, record: str, action: str = "", **options: Any) -> httpx.Response:
    """The service's response for the record of that name."""
    prefix = prefix_of(service, PREFIXES)
    topic, *numbers = record.split("/")
    if len(numbers) not in (2, 3) or not all(number.isascii() and number.isdigit() for number in numbers):
        raise usage("write a record as TOPIC/PARTITION/OFFSET, as `kinerja dead-letters list` prints it")
    partition, offset, *generation = numbers
    path = f"/{prefix}/v1/dead-letters/{topic}/{partition}/{offset}{action}"
    with client() as http:
        return request(http, method, path, params={"generation": generation}, **options)
