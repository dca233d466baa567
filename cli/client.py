"""The CLI uses the services over HTTP with the operator's key, like any other client."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from cli.connection import CONNECT_FILE, connection, folders, read_connection
from cli.terminal import ANOTHER_PROGRAM, fail, plain, usage
from shared.http import client as http_client
from shared.settings.url_space import PREFIXES, masked_login

__all__ = [
    "PREFIXES",
    "client",
    "connection",
    "pages",
    "prefix_of",
    "request",
    "unreachable",
    "where",
    "words_of",
    "wrong_key",
]

FAULTS_SHOWN = 20
"""Printed faults of one error. After correcting these, send the file again to see the rest."""
TIMEOUT_SECONDS = 600.0  # a verification of a large city reads all data
PAGE_ITEMS = 500
HEADER_WORD = re.compile(r"[!-~]+")
"""The characters that an Authorization header may carry."""
_FIELD = re.compile(r"`(\w+)`")
_SEE_ERRORS, _SEE_LINES = "Correct what `errors` lists.", "Correct these lines:"

TYPED: Mapping[str, str] = {
    "address": "ADDRESS", "band": "--band", "code": "CODE", "decided_by": "--by", "direction_from": "--direction",
    "employee_id": "OFFICER", "expires_at": "--days", "first_date": "--from", "from": "--from", "half": "--half",
    "in_service_to": "--at", "in_unit_from": "--since", "kind": "--kind", "last_date": "--to", "machines": "--machine",
    "name": "--name", "network": "--network", "networks": "--network", "org_unit_id": "--unit", "org_unit_ids": "--unit",
    "overlap_hours": "--overlap-hours", "pin": "PIN", "q": "TEXT", "reason": "--reason", "reason_code": "--reason",
    "reference": "--reference", "revision": "--revision", "scopes": "--scope", "semester": "--semester", "serial": "SERIAL",
    "state": "--state", "thing": "THING", "timezone": "--timezone", "to": "--to", "topic": "TOPIC", "valid_days": "--days",
    "valid_from": "--from", "valid_to": "--to", "value": "--comm-key",
}  # fmt: skip
"""What a person types for a field of the API; a command with another name for it gives that to `request`."""


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
    if not HEADER_WORD.fullmatch(key):
        source = read_connection().source("KINERJA_OPERATOR_KEY")
        raise fail(
            f"KINERJA_OPERATOR_KEY (from {source}) has a blank, a line end or a letter that no key has: copy it again"
        )
    if not _is_address(url):
        source = read_connection().source("KINERJA_URL")
        raise fail(f"KINERJA_URL (from {source}) is not http://HOST:PORT or https://HOST: {masked_login(url)}")
    try:
        return http_client.client(url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS)
    except (ImportError, ValueError) as error:
        raise fail(f"{url} cannot be reached ({error}): correct the proxy that this environment names") from error


def _is_address(url: str) -> bool:
    try:
        found = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return False
    return found.scheme in ("http", "https") and bool(found.host) and not found.userinfo


def request(
    http: httpx.Client,
    method: str,
    path: str,
    *,
    accept: Container[int] = (),
    typed: Mapping[str, str] = TYPED,
    **options: Any,
) -> httpx.Response:
    """A request's response; ends the command with the problem's text on an error, or if there is no response.

    An error whose status is in `accept` is returned like any response. `typed`: this command's arguments by the fields
    that they become, where they differ from TYPED.
    """
    try:
        answer = http.request(method, path, **options)
    except httpx.HTTPError as error:
        raise fail(unreachable(http, error)) from error
    if answer.status_code in accept or not answer.is_error:
        return answer
    raise fail(wrong_key(http) if answer.status_code == HTTPStatus.UNAUTHORIZED else words_of(answer, typed))


def pages(http: httpx.Client, path: str, **query: Any) -> Iterator[dict[str, Any]]:
    """All items of a paged list."""
    after: str | None = None
    while True:
        params = {"limit": PAGE_ITEMS, **query, **({"after": after} if after else {})}
        page = request(http, "GET", path, params=params).json()
        if not (isinstance(page, dict) and isinstance(page.get("items"), list) and "next" in page):
            raise fail(ANOTHER_PROGRAM)
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


def prefix_of(service: str, known: Mapping[str, str] = PREFIXES) -> str:
    """The route prefix of a service; an unknown name ends the command."""
    if service not in known:
        raise usage(f"no such service: {service}; one of {', '.join(known)}")
    return known[service]


def words_of(answer: httpx.Response, typed: Mapping[str, str] = TYPED) -> str:
    """The text of an error response, with the names of arguments and options instead of the API's fields."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.reason_phrase}"
    body, names = answer.json(), {**TYPED, **typed}
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in ("title", "detail")):
        return ANOTHER_PROGRAM
    faults = body.get("errors", [])
    if faults and all(fault.keys() == {"at", "message"} for fault in faults):  # then `detail` repeats the first one
        lines = [_argument(fault, names) for fault in faults]
        head = f"{body['title']}:"
    else:
        lines = [_fault(fault) for fault in faults]
        detail = body["detail"].replace(_SEE_ERRORS, _SEE_LINES)
        head = f"{body['title']}: {_FIELD.sub(lambda found: names.get(found[1], found[0]), detail)}"
    more = [f"and {len(lines) - FAULTS_SHOWN} more"] if len(lines) > FAULTS_SHOWN else []
    return "\n  ".join((head, *lines[:FAULTS_SHOWN], *more))


def _argument(fault: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A fault of the request as `ADDRESS: must be ...`; `at` is a place and a field, such as body/to."""
    field = (*fault["at"].split("/"), "")[1]
    name = names.get(field, field)
    return f"{name}: {plain(fault['message'])}" if name else plain(fault["message"])


def _fault(fault: dict[str, Any]) -> str:
    """One fault as a readable line; a fault in a file has its place and the value there."""
    if not {"line", "column", "value", "message"} <= fault.keys():
        return ", ".join(f"{name} {value}" for name, value in fault.items())
    sheet = f"sheet {fault['sheet']}, " if "sheet" in fault else ""
    value = f' "{fault["value"]}"' if fault["value"] else ""
    return f"{sheet}line {fault['line']}, {fault['column']}{value}: {fault['message']}"
