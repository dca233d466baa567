"""`kinerja machines refused|accept|forget|secret|dismiss`: the proof of a machine's identity, and refused contacts."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import client, request
from cli.output import JsonOption, city_time, nothing, print_json, table
from cli.terminal import echo

__all__ = ["BASE", "SerialArgument", "accept", "dismiss", "forget", "refused", "secret"]

SerialArgument = Annotated[str, typer.Argument(metavar="SERIAL", help="As printed on the machine.")]
AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="From the list of refused contacts.")]
BASE = "/attendance/v1/machines"


def refused(*, as_json: JsonOption = False) -> None:
    """Lists contacts that named a serial without a proof of identity, the latest contact first."""
    with client() as http:
        found = request(http, "GET", f"{BASE}/refused").json()
    if as_json:
        print_json(found)
    elif not found:
        nothing("nobody was refused")
    else:
        rows = (
            (c["serial"], c["address"], c["reason"], city_time(c["last_seen_at"]), c["requests"], c["kept_lines"])
            for c in found
        )
        columns = ("SERIAL", "ADDRESS", "REASON", "HEARD", "TIMES", "LINES")
        table(columns, rows, wraps=("SERIAL", "ADDRESS", "REASON"))


def accept(
    serial: SerialArgument,
    address: AddressArgument,
    network: Annotated[
        str, typer.Option(help="A range, as in 10.20.0.0/16: from now on any address in it is accepted.")
    ] = "",
) -> None:
    """Accepts an address for a machine; its waiting lines become punches."""
    body = {"address": address} | ({"network": network} if network else {})
    with client() as http:
        done = request(http, "POST", f"{BASE}/{serial}/addresses", json=body).json()
    echo(f"{serial} is accepted from {network or address}; {done['punches']} waiting punches were added")


def forget(serial: SerialArgument, address: AddressArgument) -> None:
    """Removes a refused contact that was not the machine: its lines are no longer kept."""
    with client() as http:
        request(http, "DELETE", f"{BASE}/{serial}/refused", params={"address": address})
    echo(f"{serial} at {address} is removed from the list")


def secret(
    serial: SerialArgument,
    comm_key: Annotated[str, typer.Option(help="The key set at the machine's menu, instead of a host label.")] = "",
    *,
    from_first_use: Annotated[
        bool, typer.Option("--from-first-use", help="Use the current proof until the secret is first used.")
    ] = False,
) -> None:
    """Gives a machine a secret and prints a host label, only this once: the server's name for the machine's menu."""
    body = {"kind": "comm_key", "value": comm_key} if comm_key else {"kind": "host_label"}
    with client() as http:
        made = request(http, "POST", f"{BASE}/{serial}/secrets", json=body | {"from_first_use": from_first_use}).json()
    echo(made["host"] or made["host_label"] or "the comm key is set")
    if made["host_label"] and not made["host"]:
        hint = "Put this before the server's name in the machine's menu, as in LABEL.adms.example.go.id: "
        echo(hint + "docs/runbooks/machine-identity.md. With MACHINE_HOST set the whole name is printed.", err=True)


def dismiss(
    serial: SerialArgument, kind: Annotated[str, typer.Argument(help="The signal, as the list shows it.")]
) -> None:
    """Closes a signal that an operator has checked."""
    with client() as http:
        request(http, "DELETE", f"{BASE}/{serial}/signals/{kind}")
    echo(f"{serial}: {kind} is closed")
