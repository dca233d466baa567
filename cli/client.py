"""The CLI uses the services over HTTP with the operator's key, like any other client."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx
import typer

from cli.connection import CONNECT_FILE, connection, folders, read_connection
from shared import http_client
from shared.url_space import PREFIXES

__all__ = [
    "PREFIXES",
    "client",
    "connection",
    "fail",
    "pages",
    "prefix_of",
    "request",
    "unreachable",
    "usage",
    "where",
    "words_of",
    "wrong_key",
]

FAULTS_SHOWN = 20
"""Printed faults of one error. After correcting these, send the file again to see the rest."""
TIMEOUT_SECONDS = 600.0  # a verification of a large city reads all data
PAGE_ITEMS = 500


def client() -> httpx.Client:
    """An HTTP client for the running system; ends the command with a message if no address is configured."""
    values = connection()
    missing = [name for name in ("KINERJA_URL", "KINERJA_OPERATOR_KEY") if not values.get(name)]
    if missing:
        looked = " or ".join(str(folder / CONNECT_FILE) for folder in folders())
        raise fail(
            f"No system is named: {' and '.join(missing)} not set, and not in {looked}. Start one with make up, or"
            " with docker compose up -d --wait and make connect; or set DATA to the folder of its connect.env."
        )
    url, key = values["KINERJA_URL"], values["KINERJA_OPERATOR_KEY"]
    if not _is_address(url):
        source = read_connection().source("KINERJA_URL")
        raise fail(f"KINERJA_URL (from {source}) is not http://HOST:PORT or https://HOST: {url}")
    try:
        return http_client.client(url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS)
    except (ImportError, ValueError) as error:
        raise fail(f"{url} cannot be reached ({error}): correct the proxy that this environment names") from error


def _is_address(url: str) -> bool:
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return found.scheme in ("http", "https") and bool(found.host)


def request(
    http: httpx.Client, method: str, path: str, *, accept: Container[int] = (), **options: Any
) -> httpx.Response:
    """A request's response; ends the command with the problem's text on an error, or if there is no response.

    An error whose status is in `accept` is returned like any response.
    """
    try:
        answer = http.request(method, path, **options)
    except httpx.HTTPError as error:
        raise fail(unreachable(http, error)) from error
    if answer.status_code in accept or not answer.is_error:
        return answer
    raise fail(wrong_key(http) if answer.status_code == HTTPStatus.UNAUTHORIZED else words_of(answer))


def pages(http: httpx.Client, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """All items of a paged list."""
    after: str | None = None
    while True:
        params = {"limit": PAGE_ITEMS, **query, **({"after": after} if after else {})}
        page = request(http, "GET", path, params=params).json()
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def where(http: httpx.Client) -> str:
    """The system's address and its source."""
    found, url = read_connection(), str(http.base_url).rstrip("/")
    if found.values.get("KINERJA_URL", "").rstrip("/") != url:
        return url
    return f"{url} (from {found.source('KINERJA_URL')})"


def unreachable(http: httpx.Client, error: httpx.HTTPError) -> str:
    """The error for a system that does not answer: why, and what to do."""
    cause = str(error).partition("] ")[2] or str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        cause = f"no answer in time ({type(error).__name__})"
    return (
        f"{where(http)} does not answer: {cause}. Start it (make up, or docker compose up -d --wait), or name another"
        " system: DATA=FOLDER kinerja …, or KINERJA_URL and KINERJA_OPERATOR_KEY."
    )


def wrong_key(http: httpx.Client) -> str:
    """The error for an operator's key that the system does not know, and what to do."""
    source = read_connection().source("KINERJA_OPERATOR_KEY")
    return (
        f"{where(http)} does not accept the operator's key (from {source}): it is the key of another system, or an old"
        " one. For a stack run make connect; else set DATA to the folder of this system's connect.env."
    )


def fail(words: str) -> typer.Exit:
    """Prints the message to standard error and returns the exception that ends the command with status 1."""
    typer.echo(words, err=True)
    return typer.Exit(1)


def usage(words: str) -> typer.BadParameter:
    """The exception for an argument that is wrong in itself: ends the command with status 2."""
    return typer.BadParameter(words)


def prefix_of(service: str, known: Mapping[str, str] = PREFIXES) -> str:
    """The route prefix of a service; an unknown name ends the command."""
    if service not in known:
        raise usage(f"no such service: {service}; one of {', '.join(known)}")
    return known[service]


def words_of(answer: httpx.Response) -> str:
    """The text of an error response."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        body = answer.json()
        faults = body.get("errors", [])
        lines = [f"\n  {_fault(fault)}" for fault in faults[:FAULTS_SHOWN]]
        if len(faults) > FAULTS_SHOWN:
            lines.append(f"\n  and {len(faults) - FAULTS_SHOWN} more")
        return f"{body['title']}: {body['detail']}{''.join(lines)}"
    return f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.reason_phrase}"


def _fault(fault: dict[str, Any]) -> str:
    """One fault as a readable line; a fault in a file has its place and the value there."""
    if not {"line", "column", "value", "message"} <= fault.keys():
        return ", ".join(f"{name} {value}" for name, value in fault.items())
    sheet = f"sheet {fault['sheet']}, " if "sheet" in fault else ""
    value = f' "{fault["value"]}"' if fault["value"] else ""
    return f"{sheet}line {fault['line']}, {fault['column']}{value}: {fault['message']}"
