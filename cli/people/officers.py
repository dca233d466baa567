"""`kinerja officers`, and how every other command finds the officer in its arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer

from cli.client import client, pages, request, words_of
from cli.group import subject
from cli.output import JsonOption, details, nothing, print_json, table
from cli.people.units import check_units
from cli.terminal import echo, fail

__all__ = ["OfficerArgument", "app", "find_officer", "names_of", "officer_id", "person"]

app = subject("Officers: find, show, list.")

BASE = "/attendance/v1/employees"
CANDIDATES_MAX = 20
"""How many candidates for a name are shown."""
IDS_MAX = 1_000
"""Limit of one search."""

OFFICER_HELP = "NIP, part of the name, or employee_id."
OfficerArgument = Annotated[str, typer.Argument(metavar="OFFICER", help=OFFICER_HELP)]


@app.command()
def find(
    text: Annotated[str, typer.Argument(help="Part of the name, or a NIP or its beginning.")],
    unit: Annotated[str | None, typer.Option(help="Only in this unit (org_unit_id).")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Finds officers by part of the name or by NIP, in the order of their names."""
    with client() as http:
        found = list(_search(http, q=text, **({} if unit is None else {"org_unit_id": unit})))
        if not found and unit is not None:
            check_units(http, [unit])
    _list(sorted(found, key=_by_name), f"no officer found for {text}", as_json=as_json)


@app.command("list")
def list_officers(
    unit: Annotated[str | None, typer.Option(help="Only of this unit (org_unit_id).")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Lists officers in the order of their names."""
    with client() as http:
        found = list(pages(http, BASE, **({} if unit is None else {"org_unit_id": unit})))
        if not found and unit is not None:
            check_units(http, [unit])
    _list(sorted(found, key=_by_name), "no officers", as_json=as_json)


@app.command()
def show(officer: OfficerArgument, *, as_json: JsonOption = False) -> None:
    """Prints an officer: unit, employment, superior and since when."""
    with client() as http:
        found = find_officer(http, officer)
        superior = names_of(http, [found["superior_id"]] if found["superior_id"] else [])
    if as_json:
        print_json(found)
        return
    details(
        {
            "name": found["name"],
            "NIP": found["nip"],
            "employee_id": found["employee_id"],
            "unit": f"{found['org_unit_name']} ({found['org_unit_id']}), since {found['unit_from']}",
            "employment": f"{found['employment_type']}, since {found['employment_type_from']}",
            "superior": person(superior, found["superior_id"]) if found["superior_id"] else "",
            "e-mail": found["email"],
            "active": f"{found['active_from']} to {found['active_to'] or 'now'}",
        }
    )


def _by_name(officer: Mapping[str, Any]) -> str:
    return str(officer["name"]).casefold()


def _list(found: list[dict[str, Any]], empty: str, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    elif not found:
        nothing(empty)
    else:
        rows = ((officer["nip"], officer["name"], officer["org_unit_id"]) for officer in found)
        table(("NIP", "NAME", "UNIT"), rows, wraps=("NAME", "UNIT"))


def find_officer(http: httpx.Client, text: str) -> dict[str, Any]:
    """The officer with this NIP, name, part of the name or employee_id. A whole name wins over parts of others.

    Ends the command with status 1 if there is none, and with a list of candidates if there are several.
    """
    identifier = _id_in(text)
    if identifier is not None:
        found: dict[str, Any] = request(http, "GET", f"{BASE}/{identifier}").json()
        return found
    if not text.strip():
        raise fail("no officer is named: give a NIP, part of the name, or an employee_id")
    candidates = request(http, "POST", f"{BASE}/search", json={"q": text, "limit": CANDIDATES_MAX + 1}).json()["items"]
    if not candidates:
        raise fail(f"no officer has this NIP or name: {text}; search with kinerja officers find")
    exact = [officer for officer in candidates if str(officer["name"]).casefold() == " ".join(text.split()).casefold()]
    if len(exact) == 1:
        candidates = exact
    if len(candidates) > 1:
        many = "more than " if len(candidates) > CANDIDATES_MAX else ""
        lines = [f"  {c['nip']}  {c['name']}, {c['org_unit_id']}" for c in candidates[:CANDIDATES_MAX]]
        count = min(len(candidates), CANDIDATES_MAX)
        raise fail("\n".join((f"{text} may be {many}{count} officers; give the NIP of one:", *lines)))
    one: dict[str, Any] = candidates[0]
    return one


def officer_id(http: httpx.Client, text: str) -> str:
    """The employee_id of the named officer. An employee_id is used unchanged, without a request."""
    return str(_id_in(text) or find_officer(http, text)["employee_id"])


def names_of(http: httpx.Client, ids: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """The officers with these ids, by id. If attendance does not answer, prints a line and returns none."""
    wanted = sorted({str(identifier) for identifier in ids if identifier})
    found: dict[str, dict[str, Any]] = {}
    for begin in range(0, len(wanted), IDS_MAX):
        body = {"employee_ids": wanted[begin : begin + IDS_MAX], "limit": IDS_MAX}
        try:
            answer = http.post(f"{BASE}/search", json=body)
        except httpx.HTTPError as error:
            echo(f"Ids are shown instead of names: attendance does not answer ({type(error).__name__}).", err=True)
            return found
        if answer.status_code != HTTPStatus.OK:
            echo(f"Ids are shown instead of names: {words_of(answer)}", err=True)
            return found
        found |= {officer["employee_id"]: officer for officer in answer.json()["items"]}
    return found


def person(names: Mapping[str, Mapping[str, Any]], identifier: str | None) -> str:
    """Name and NIP of an officer; the id if the name is not known."""
    officer = names.get(str(identifier))
    return str(identifier or "") if officer is None else f"{officer['name']} ({officer['nip']})"


def _id_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _search(http: httpx.Client, **wanted: Any) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = request(http, "POST", f"{BASE}/search", json={**wanted, "limit": 500, "after": after}).json()
        yield from page["items"]
        after = page["next"]
        if after is None:
            return
