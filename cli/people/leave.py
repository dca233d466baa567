"""`kinerja leave`: leave and official duty of officers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import typer

from cli.client import client, request
from cli.group import subject
from cli.output import JsonOption, city_time, entry, nothing, print_json
from cli.people.officers import OFFICER_HELP, OfficerArgument, find_officer, names_of, officer_id, person
from cli.terminal import DATE, check_span, date_option, echo, fail, id_of, usage
from services.attendance.leave.rules.codes import EXCUSE_KINDS

__all__ = ["app"]

app = subject("Leave and official duty: list, add, approve, withdraw.")

BASE = "/attendance/v1/excuses"
LeaveArgument = Annotated[
    UUID,
    typer.Argument(metavar="LEAVE", parser=id_of("kinerja leave list OFFICER"), help="Its id, as `list` prints it."),
]
ByOption = Annotated[str | None, typer.Option("--by", help=f"The officer who decided: {OFFICER_HELP}")]


@app.command("list")
def list_leave(officer: OfficerArgument, *, as_json: JsonOption = False) -> None:
    """Lists an officer's leave and duty, the latest first."""
    with client() as http:
        who = find_officer(http, officer)
        found = _of(http, who["employee_id"])
        names = {} if as_json else names_of(http, (item["decided_by"] for item in found))
    if as_json:
        print_json(found)
        return
    echo(f"{who['name']} ({who['nip']})", err=True)
    for item in found:
        half = "" if item["half"] == "none" else f", {item['half']} only"
        by = f" by {person(names, item['decided_by'])}" if item["decided_by"] else ""
        entry(
            f"{item['excuse_id']}  {item['state']}",
            f"{item['code']} ({item['kind']}), {item['first_date']} to {item['last_date']}{half}",
            f"decided {city_time(item['decided_at'])}{by}",
            "; ".join(f"{name} {item[name]}" for name in ("reference", "reason") if item[name]),
        )
    if not found:
        nothing("no leave or duty")


@app.command()
def add(
    officer: OfficerArgument,
    code: Annotated[str, typer.Argument(metavar="CODE", help=f"One of: {', '.join(EXCUSE_KINDS)}.")],
    first: Annotated[date, typer.Option("--from", parser=date_option, metavar=DATE, help="The first date.")],
    last: Annotated[
        date | None,
        typer.Option("--to", parser=date_option, metavar=DATE, help="The last date; else the first."),
    ] = None,
    half: Annotated[str, typer.Option(help="morning or afternoon, for half a day.")] = "none",
    reference: Annotated[str | None, typer.Option(help="The letter's number. Never a diagnosis.")] = None,
    decided_by: ByOption = None,
    *,
    requested: Annotated[bool, typer.Option("--requested", help="It is not decided yet.")] = False,
) -> None:
    """Adds leave or duty as approved, or as requested, and prints its id. The days are computed again."""
    kind = EXCUSE_KINDS.get(code.upper())
    if kind is None:
        raise usage(f"no such leave or duty: {code}; one of {', '.join(EXCUSE_KINDS)}")
    if half not in ("none", "morning", "afternoon"):
        raise usage(f"--half is morning or afternoon, not {half}")
    check_span(first, last or first)
    identifier = uuid4()
    with client() as http:
        who = find_officer(http, officer)
        body = {
            "employee_id": who["employee_id"],
            "code": code.upper(),
            "kind": kind.value,
            "first_date": first.isoformat(),
            "last_date": (last or first).isoformat(),
            "half": half,
            "state": "requested" if requested else "approved",
            "reference": reference,
            "decided_by": officer_id(http, decided_by) if decided_by else None,
        }
        request(http, "PUT", f"{BASE}/{identifier}", json=body)
    echo(
        f"{body['state']}: {body['code']} of {who['name']} ({who['nip']}), {body['first_date']} to {body['last_date']}",
        err=True,
    )
    echo(str(identifier))


@app.command()
def approve(officer: OfficerArgument, leave: LeaveArgument, decided_by: ByOption = None) -> None:
    """Approves leave or duty that was requested."""
    with client() as http:
        by = {"decided_by": officer_id(http, decided_by)} if decided_by else {}
        _decide(http, officer, leave, {"state": "approved", **by})


@app.command()
def withdraw(
    officer: OfficerArgument,
    leave: LeaveArgument,
    reason: Annotated[str, typer.Option(help="Why; the officer sees it. Never a diagnosis.")],
    decided_by: ByOption = None,
) -> None:
    """Revokes leave or duty that was approved, or rejects what was requested. This is final."""
    with client() as http:
        by = {"decided_by": officer_id(http, decided_by)} if decided_by else {}
        _decide(http, officer, leave, {"reason": reason, **by})


def _decide(http: httpx.Client, officer: str, leave: UUID, changes: dict[str, Any]) -> None:
    """Writes the leave again with the changes; without a state in them it is ended."""
    who = find_officer(http, officer)
    known = [item for item in _of(http, who["employee_id"]) if item["excuse_id"] == str(leave)]
    if not known:
        raise fail(f"{who['name']} has no leave or duty {leave}; kinerja leave list {who['nip']} shows all")
    ended = {"state": "revoked" if known[0]["state"] in ("approved", "revoked") else "rejected"}
    body = {name: value for name, value in known[0].items() if name not in ("excuse_id", "decided_at")}
    request(http, "PUT", f"{BASE}/{leave}", json=body | ended | changes)
    echo(f"{(ended | changes)['state']} {leave}")


def _of(http: httpx.Client, employee_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = request(http, "GET", BASE, params={"employee_id": employee_id}).json()
    return found
