"""`kinerja machines`: the machines, their units and their state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import typer

from cli.client import client, request
from cli.group import subject
from cli.machines import machine_proof
from cli.machines.machine_proof import BASE, SerialArgument
from cli.output import JsonOption, city_time, city_zone, details, nothing, print_json, table
from cli.people import enrolments
from cli.people.units import check_known, check_units
from cli.reasons import PROOFS
from cli.terminal import echo, fail, usage

__all__ = ["app", "check_machines"]

app = subject("Machines: registration, PINs, and proof of identity.")

MOMENT_HELP = "as 2026-08-04 07:30 in the city's time"
DirectionOption = Annotated[
    str | None,
    typer.Option(help="shift: the first punch is the arrival; status: people press the keys for in and out."),
]
NameOption = Annotated[str | None, typer.Option(help="Where it hangs, for people.")]
ZoneOption = Annotated[str | None, typer.Option("--timezone", help="Of its clock; left out: the city's.")]
NetworkOption = Annotated[
    list[str] | None,
    typer.Option("--network", help="A range of its site, 10.20.0.0/16; several times if there are more."),
]


@app.command("list")
def list_machines(*, as_json: JsonOption = False) -> None:
    """Lists the machines: unit, last contact, proof of identity, and what to check."""
    with client() as http:
        found = _all(http)
    if as_json:
        print_json(found)
    elif not found:
        nothing("no machines")
    else:
        rows = (
            (
                m["serial"],
                m["org_unit_id"] or "no unit",
                city_time(m["last_contact_at"]),
                PROOFS.get(m["proof"], m["proof"]),
                ", ".join(_remarks(m)),
            )
            for m in found
        )
        table(("SERIAL", "UNIT", "HEARD", "PROOF", "LOOK AT"), rows, wraps=("SERIAL", "UNIT", "LOOK AT"))


@app.command()
def show(serial: SerialArgument, *, as_json: JsonOption = False) -> None:
    """Prints one machine: its unit, its uploads, its proof of identity, and its signals."""
    with client() as http:
        found = _one(http, serial)
    if as_json:
        print_json(found)
        return
    details(
        {
            "serial": found["serial"],
            "name": found["name"],
            "unit": f"{found['org_unit_id'] or 'none'}, {_since(found['in_unit_from'])}",
            "time zone": found["timezone"],
            "direction": found["direction_from"],
            "registered": city_time(found["registered_at"]),
            "out of use": city_time(found["in_service_to"], ""),
            "heard": city_time(found["last_contact_at"]),
            "uploaded": city_time(found["last_upload_at"]),
            "complete to": city_time(found["complete_until"], "nothing yet"),
            "proof": PROOFS.get(found["proof"], found["proof"]),
            "address": found["address"],
            "networks": ", ".join(found["networks"]),
            "firmware": ", ".join(part for part in (found["push_version"], found["info"]) if part),
            "look at": ", ".join(_remarks(found)),
        }
    )
    for signal in found["signals"]:
        echo(f"{signal['kind']} since {city_time(signal['first_at'])}, {signal['times']} times: {signal['detail']}")


@app.command()
def add(
    serial: SerialArgument,
    name: Annotated[str, typer.Option(help="Where it hangs, for people.")],
    unit: Annotated[str, typer.Option(help="The org_unit_id of the unit whose people punch at it.")],
    timezone: ZoneOption = None,
    direction: DirectionOption = "shift",
    network: NetworkOption = None,
    since: Annotated[
        str | None,
        typer.Option(help=f"Since when it serves the unit, {MOMENT_HELP}; left out: from its oldest punch on."),
    ] = None,
) -> None:
    """Registers a machine. Lines that it sent earlier become punches, if they came from its address or a --network."""
    with client() as http:
        if any(machine["serial"] == serial for machine in _all(http)):
            raise fail(f"{serial} is registered: kinerja machines set, move or retire change it")
        check_units(http, [unit])
        body = {
            "name": name,
            "timezone": timezone or city_zone().key,
            "direction_from": _direction(direction),
            "org_unit_id": unit,
            **({"networks": network} if network else {}),
            **({"in_unit_from": _moment(since)} if since else {}),
        }
        request(http, "PUT", f"{BASE}/{serial}", json=body)
    echo(f"{serial} is registered in {unit}; next: kinerja machines enrol {serial} PIN OFFICER --from DATE")


@app.command("set")
def set_machine(
    serial: SerialArgument,
    name: NameOption = None,
    timezone: ZoneOption = None,
    direction: DirectionOption = None,
    network: NetworkOption = None,
    *,
    no_networks: Annotated[bool, typer.Option("--no-networks", help="It has no ranges any more.")] = False,
) -> None:
    """Changes a machine's name, time zone, direction or networks. With another time zone all its punches are read again."""
    if network and no_networks:
        raise usage("give --network or --no-networks, not both")
    changes = {
        "name": name,
        "timezone": timezone,
        "direction_from": None if direction is None else _direction(direction),
        "networks": [] if no_networks else network,
    }
    given = {field: value for field, value in changes.items() if value is not None}
    if not given:
        raise usage("say what to change: --name, --timezone, --direction, --network or --no-networks")
    with client() as http:
        _put(http, _one(http, serial), given)
    echo(f"{serial} is changed: {', '.join(given)}")


@app.command()
def move(
    serial: SerialArgument,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The org_unit_id of its new unit.")],
    since: Annotated[
        str, typer.Option(help=f"Since when, {MOMENT_HELP}; or always, if its unit was wrong from the beginning.")
    ],
    direction: DirectionOption = None,
) -> None:
    """Moves a machine to another unit, or back into service in its own, from a time on. Affected days are computed again.

    Run it again with another time to correct a wrong time.
    """
    moment = since if since == "always" else _moment(since)
    changes = {"org_unit_id": unit, "in_unit_from": moment}
    with client() as http:
        check_units(http, [unit])
        _put(http, _one(http, serial), changes | ({"direction_from": _direction(direction)} if direction else {}))
    echo(f"{serial} is in {unit}, {'from the beginning' if moment == 'always' else _since(moment)}")


@app.command("undo-move")
def undo_move(serial: SerialArgument) -> None:
    """Undoes a machine's last move: it stayed in its previous unit."""
    with client() as http:
        moment = _one(http, serial)["in_unit_from"]
        if moment is None:
            raise fail(f"{serial} has not been moved")
        request(http, "DELETE", f"{BASE}/{serial}/placement", params={"in_unit_from": moment})
    echo(f"{serial}: the move of {city_time(moment)} is undone")


@app.command()
def retire(
    serial: SerialArgument,
    at: Annotated[str | None, typer.Option(help=f"When, {MOMENT_HELP}; left out: now.")] = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="It was not taken out of use.")] = False,
) -> None:
    """Takes a machine out of use: later days do not wait for it. Closed days stay closed."""
    if undo and at:
        raise usage("give --at or --undo, not both")
    ends = None if undo else _moment(at) or datetime.now(UTC).isoformat()
    with client() as http:
        _put(http, _one(http, serial), {"in_service_to": ends})
    echo(f"{serial} is in service" if undo else f"{serial} is out of use since {city_time(ends)}")


@app.command()
def resend(
    serial: SerialArgument,
    first: Annotated[datetime, typer.Option("--from", help="In the machine's time.")],
    last: Annotated[datetime, typer.Option("--to", help="At most 31 days later.")],
) -> None:
    """Asks a machine at its next poll to send the punches of a period again. Copies change nothing."""
    body = {"kind": "resend", "from": first.isoformat(), "to": last.isoformat()}
    with client() as http:
        request(http, "POST", f"{BASE}/{serial}/commands", json=body)
    echo(f"{serial} gets the command at its next poll; the command expires after 15 minutes")


_MORE: tuple[Callable[..., None], ...] = (
    enrolments.pins,
    enrolments.enrol,
    enrolments.unenrol,
    machine_proof.refused,
    machine_proof.accept,
    machine_proof.forget,
    machine_proof.secret,
    machine_proof.dismiss,
)
for _command in _MORE:
    app.command()(_command)


def check_machines(http: httpx.Client, serials: Sequence[str]) -> None:
    """Ends the command if a machine is not registered."""
    if serials:
        check_known("machine", serials, [machine["serial"] for machine in _all(http)])


def _all(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = request(http, "GET", BASE).json()
    return found


def _one(http: httpx.Client, serial: str) -> dict[str, Any]:
    machines = {machine["serial"]: machine for machine in _all(http)}
    check_known("machine", [serial], list(machines))
    return machines[serial]


def _put(http: httpx.Client, machine: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """The API replaces the whole machine, so unchanged fields are sent again."""
    whole = {name: machine[name] for name in ("name", "timezone", "direction_from", "org_unit_id")}
    request(http, "PUT", f"{BASE}/{machine['serial']}", json=whole | dict(changes))


def _remarks(machine: Mapping[str, Any]) -> list[str]:
    """What an operator may want to check."""
    found = [
        ("out of use", machine["in_service_to"] is not None),
        ("clock wrong", machine["clock_wrong_since"] is not None),
        ("declared outage", machine["in_declared_outage"]),
        ("no secret", not machine["has_secret"]),
        ("secret not used yet", machine["secret_pending"]),
        (f"{machine['unknown_pins']} unknown PINs", machine["unknown_pins"]),
        (f"{machine['quarantined']} unreadable lines", machine["quarantined"]),
        (f"{machine['refused']} refused addresses", machine["refused"]),
    ]
    return [text for text, true in found if true] + [signal["kind"] for signal in machine["signals"]]


def _since(moment: str | None) -> str:
    return "from the beginning" if moment is None else f"since {city_time(moment)}"


def _direction(text: str | None) -> str:
    if text not in ("shift", "status"):
        raise usage(f"--direction is shift or status, not {text}")
    return text


def _moment(text: str | None) -> str | None:
    """A time with its offset; without an offset it is the city's time."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise usage(f"not a time: {text}; write it {MOMENT_HELP}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=city_zone())).isoformat()
