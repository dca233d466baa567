"""The CLI speaks to the services over HTTP with the operator's key, like any other client."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
import typer

from shared import http_client
from shared.paths import PREFIXES
from shared.settings import SECRETS_DIR, BaseSettings
from shared.settings_reader import SettingsError, read_settings

__all__ = [
    "PREFIXES",
    "client",
    "connection",
    "fail",
    "folded",
    "pages",
    "prefix_of",
    "request",
    "settings_of",
    "words_of",
]

S = TypeVar("S", bound=BaseSettings)

CONNECT_FILE = "connect.env"
FAULTS_SHOWN = 20
"""Of a refusal. Whoever has corrected so many sends the file again and sees the rest."""
LINE_CHARS = 80
"""The narrowest terminal that lists are made for."""
TIMEOUT_SECONDS = 600.0  # a verification of a large city reads every fact


def connection() -> dict[str, str]:
    """KINERJA_URL, KINERJA_OPERATOR_KEY and KAFKA_BOOTSTRAP_SERVERS: from the environment, else from connect.env.

    The file is looked for in $DATA, then in var/ and var/compose/ below the present directory. Inside the stack the
    operator's key is a secret file.
    """
    values: dict[str, str] = {}
    folders = [Path(os.environ["DATA"])] if "DATA" in os.environ else [Path("var"), Path("var/compose")]
    for folder in folders:
        path = folder / CONNECT_FILE
        if path.is_file():
            lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
            values = {name.strip(): value.strip() for name, _, value in lines}
            break
    key = SECRETS_DIR / "kinerja_operator_key"
    if key.is_file():
        values["KINERJA_OPERATOR_KEY"] = key.read_text()
    return values | {name: value for name, value in os.environ.items() if name.startswith(("KINERJA_", "KAFKA_"))}


def client() -> httpx.Client:
    """An HTTP client of the running system; ends the command with words when nothing says where that is."""
    values = connection()
    missing = [name for name in ("KINERJA_URL", "KINERJA_OPERATOR_KEY") if not values.get(name)]
    if missing:
        raise fail(
            f"{' and '.join(missing)} not set and no {CONNECT_FILE} found: start the system, or set DATA=<its folder>"
        )
    url, key = values["KINERJA_URL"], values["KINERJA_OPERATOR_KEY"]
    try:
        return http_client.client(url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        words = f"{url} cannot be reached ({error}): correct KINERJA_URL, or the proxy that this environment names"
        raise fail(words) from error


def settings_of(kind: type[S], **values: Any) -> S:
    """The program's settings; ends the command with a line for each that cannot be used."""
    try:
        return read_settings(kind, **values)
    except SettingsError as error:
        raise fail(str(error)) from None


def request(
    http: httpx.Client, method: str, path: str, *, accept: Container[int] = (), **options: Any
) -> httpx.Response:
    """A request's answer; ends the command with the problem's words on a refusal or when nobody answers.

    A refusal whose status is in `accept` is given back like any answer.
    """
    try:
        answer = http.request(method, path, **options)
    except httpx.HTTPError as error:
        raise fail(f"{http.base_url} does not answer ({type(error).__name__}): is the system running?") from error
    if answer.is_error and answer.status_code not in accept:
        raise fail(words_of(answer))
    return answer


def pages(http: httpx.Client, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """All items of a paged list."""
    after: str | None = None
    while True:
        page = request(http, "GET", path, params={**query, **({"after": after} if after else {})}).json()
        yield from page["items"]
        after = page["next"]
        if after is None:
            return


def fail(words: str) -> typer.Exit:
    """Prints the words to standard error and gives the exception that ends the command with status 1."""
    typer.echo(words, err=True)
    return typer.Exit(1)


def prefix_of(service: str, known: Mapping[str, str] = PREFIXES) -> str:
    """Where the routes of a service begin that a person has named; another name ends the command."""
    if service not in known:
        raise fail(f"no such service: {service}; one of {', '.join(known)}")
    return known[service]


def folded(words: str) -> str:
    """Words in lines of at most LINE_CHARS, indented; a longer word, such as a name or an id, is not cut."""
    indent = "  "
    return textwrap.fill(
        words,
        LINE_CHARS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def words_of(answer: httpx.Response) -> str:
    """What a refusal says."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        body = answer.json()
        faults = body.get("errors", [])
        lines = [f"\n  {_fault(fault)}" for fault in faults[:FAULTS_SHOWN]]
        if len(faults) > FAULTS_SHOWN:
            lines.append(f"\n  and {len(faults) - FAULTS_SHOWN} more")
        return f"{body['title']}: {body['detail']}{''.join(lines)}"
    return f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.reason_phrase}"


def _fault(fault: dict[str, Any]) -> str:
    """One fault as a line that a person reads; a fault of a file names its place and the value there."""
    if not {"line", "column", "value", "message"} <= fault.keys():
        return ", ".join(f"{name} {value}" for name, value in fault.items())
    sheet = f"sheet {fault['sheet']}, " if "sheet" in fault else ""
    value = f' "{fault["value"]}"' if fault["value"] else ""
    return f"{sheet}line {fault['line']}, {fault['column']}{value}: {fault['message']}"
