"""`kinerja machines pins|enrol|unenrol`: which officer a PIN belongs to on a machine, by date."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import quote

import typer

from cli.client import client, request
from cli.machines.machine_proof import BASE, SerialArgument
from cli.output import JsonOption, nothing, print_json, table
from cli.people.officers import OfficerArgument, find_officer, names_of
from cli.terminal import DATE, check_span, date_option, echo

__all__ = ["enrol", "pins", "unenrol"]

PinArgument = Annotated[str, typer.Argument(metavar="PIN", help="As the machine sends it, zeros included.")]


def pins(serial: SerialArgument, *, as_json: JsonOption = False) -> None:
    """Lists the officers of a machine's PINs, also past ones."""
    with client() as http:
        found = request(http, "GET", f"{BASE}/{serial}/enrolments").json()
        names = {} if as_json else names_of(http, (item["employee_id"] for item in found))
    if as_json:
        print_json(found)
        return
    if not found:
        nothing("no PINs")
        return
    rows = []
    for item in found:
        officer = names.get(item["employee_id"], {})
        name, nip = officer.get("name", item["employee_id"]), officer.get("nip", "")
        rows.append((item["pin"], item["valid_from"], item["valid_to"] or "", nip, name))
    table(("PIN", "FROM", "TO", "NIP", "NAME"), rows, wraps=("PIN", "NAME"))


def enrol(
    serial: SerialArgument,
    pin: PinArgument,
    officer: OfficerArgument,
    first: Annotated[date, typer.Option("--from", parser=date_option, metavar=DATE, help="The first date.")],
    last: Annotated[
        date | None,
        typer.Option("--to", parser=date_option, metavar=DATE, help="The last date; else to its next enrolment."),
    ] = None,
) -> None:
    """Assigns a PIN to an officer from a date on, with the punches of that time. Run it again with --to to end it."""
    check_span(first, last or first)
    with client() as http:
        who = find_officer(http, officer)
        body = {
            "employee_id": who["employee_id"],
            "valid_from": first.isoformat(),
            "valid_to": last.isoformat() if last else None,
        }
        request(http, "PUT", f"{BASE}/{serial}/enrolments/{quote(pin, safe='')}", json=body)
    until = f" to {body['valid_to']}" if body["valid_to"] else ""
    echo(f"PIN {pin} at {serial} is {who['name']} ({who['nip']}) from {body['valid_from']}{until}")


def unenrol(
    serial: SerialArgument,
    pin: PinArgument,
    first: Annotated[
        date, typer.Option("--from", parser=date_option, metavar=DATE, help="The date on which it begins.")
    ],
) -> None:
    """Removes a wrong enrolment that begins on a date. To end a correct one, enrol the PIN again with --to."""
    query = {"valid_from": first.isoformat()}
    with client() as http:
        request(http, "DELETE", f"{BASE}/{serial}/enrolments/{quote(pin, safe='')}", params=query)
    echo(f"PIN {pin} at {serial}: the enrolment from {query['valid_from']} is removed")
