"""`kinerja keys`: API keys of all services. One token can work in several services; it is printed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer

from cli.client import PREFIXES, client, pages, request
from cli.group import subject
from cli.machines.registry import check_machines
from cli.output import JsonOption, city_time, entry, nothing, print_json
from cli.people.officers import OFFICER_HELP, find_officer, names_of, person
from cli.people.units import check_units
from cli.terminal import echo, fail, id_of, usage
from shared.access.scopes import SCOPES, check_rights
from shared.errors.errors import InvalidError

__all__ = ["app", "merged"]

app = subject("API keys: create, list, show, rotate, revoke, in all services at once.")

_SCOPES = {scope.name: scope for scope in SCOPES}
_SCOPE_HELP = "\n".join(f"{scope.name}: to {scope.may}." for scope in SCOPES)
_TYPED = {"name": "NAME", "employee_id": "--officer"}
KeyArgument = Annotated[
    UUID, typer.Argument(metavar="KEY", parser=id_of("kinerja keys list"), help="Its id, as `list` prints it.")
]


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="The holder's name: hris, queue-disdukcapil.")],
    scope: Annotated[list[str], typer.Option(help=f"May be given several times. One of: {', '.join(_SCOPES)}.")],
    unit: Annotated[list[str] | None, typer.Option(help="A unit that it may read; left out: all.")] = None,
    machine: Annotated[list[str] | None, typer.Option(help="A serial that it may write for (punches:write).")] = None,
    officer: Annotated[str | None, typer.Option(help=f"For whom it acts (a supervisor): {OFFICER_HELP}")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How many days it works; 365 if left out.")] = None,
) -> None:
    """Creates a key and prints its token, only this once. Units, machines and the officer must exist."""
    chosen = _by_service(scope)
    for option, value, heeded in (("--machine", machine, "by_machine"), ("--officer", officer, "by_officer")):
        if value and not any(getattr(_SCOPES[one], heeded) for one in scope):
            raise usage(f"{option}: none of these scopes uses it")
    with client() as http:
        holder = None if officer is None else str(find_officer(http, officer)["employee_id"])
        bodies = {
            service: _body(service, scopes, name, holder, unit, machine, days) for service, scopes in chosen.items()
        }
        check_units(http, unit or [])
        check_machines(http, machine or [])
        made = _everywhere(http, bodies)
    _print(made, list(bodies))


def _body(
    service: str,
    scopes: list[str],
    name: str,
    holder: str | None,
    units: list[str] | None,
    machines: list[str] | None,
    days: int | None,
) -> dict[str, Any]:
    """The request to one service; limits are included if one of its scopes uses them."""
    chosen = [_SCOPES[scope] for scope in scopes]
    serials = machines if any(scope.by_machine for scope in chosen) else None
    acts_for = holder if any(scope.by_officer for scope in chosen) else None
    try:
        check_rights(
            service,
            scopes,
            employee_id=None if acts_for is None else UUID(acts_for),
            org_unit_ids=units,
            machines=serials,
        )
    except InvalidError as error:
        raise usage(error.detail) from error
    return {
        "name": name,
        "scopes": scopes,
        "org_unit_ids": units,
        "machines": serials,
        "employee_id": acts_for,
        **_end(days),
    }


@app.command("list")
def list_keys(
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that were revoked or have expired.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Lists keys, the oldest first, a few lines each: the id, then its scopes."""
    with client() as http:
        found = [key for key in merged(_all(http)) if ended or key["state"] in ("active", "replaced")]
        names = {} if as_json else names_of(http, (key["employee_id"] for key in found))
    if as_json:
        print_json(found)
        return
    for key in found:
        entry(*_lines(key, names))
    if not found:
        nothing("no keys")


@app.command()
def show(key: KeyArgument, *, as_json: JsonOption = False) -> None:
    """Prints one key, active or not, without its token."""
    with client() as http:
        found = [item for item in merged(_all(http)) if item["id"] == str(key)]
        if not found:
            raise _unknown(key)
        names = {} if as_json else names_of(http, [found[0]["employee_id"]])
    if as_json:
        print_json(found[0])
        return
    made = f"made {city_time(found[0]['created_at'])}"
    replaced = f", replaced by {found[0]['replaced_by']}" if found[0]["replaced_by"] else ""
    entry(*_lines(found[0], names), made + replaced)


def _lines(key: Mapping[str, Any], names: Mapping[str, dict[str, Any]]) -> list[str]:
    """The key's id, name, scopes, limits, expiry and last use."""
    return [
        f"{key['id']}  {key['state']}",
        f"{key['name']}: {', '.join(key['scopes'])}",
        "; ".join(_limits(key, names)),
        f"ends {city_time(key['expires_at'])}, used {city_time(key['last_used_at'])}",
    ]


@app.command()
def rotate(
    key: KeyArgument,
    overlap_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old one continues to work.")] = 168,
    days: Annotated[
        int | None, typer.Option(min=1, help="How many days the new one works; left out: like the old.")
    ] = None,
) -> None:
    """Creates a key with the same rights and prints its token; the old one works until the overlap is over."""
    with client() as http:
        bodies = {service: {"overlap_hours": overlap_hours, **_end(days)} for service in _where(http, key)}
        made = _everywhere(http, bodies, f"/{key}/rotate")
    _print(made, list(bodies))


@app.command()
def revoke(key: KeyArgument) -> None:
    """Revokes a key within a few seconds, in every service that knows it."""
    with client() as http:
        for service in _where(http, key):
            request(http, "DELETE", f"/{PREFIXES[service]}/v1/api-keys/{key}")
    echo(f"revoked {key}")


def merged(items: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Every key once, also if it works in several services, the oldest first; `items`: pairs of a service and a key.

    It has the scopes of all its services, the latest use and the earliest expiry.
    """
    found: dict[str, dict[str, Any]] = {}
    for service, item in items:
        known = found.get(item["id"])
        found[item["id"]] = {**item, "services": [service]} if known is None else _merge(known, item, service)
    return sorted(found.values(), key=lambda key: str(key["created_at"]))


def _all(http: httpx.Client) -> Iterator[tuple[str, dict[str, Any]]]:
    for service, prefix in PREFIXES.items():
        for item in pages(http, f"/{prefix}/v1/api-keys"):
            yield service, item


def _merge(known: Mapping[str, Any], item: Mapping[str, Any], service: str) -> dict[str, Any]:
    works = [key for key in (known, item) if key["state"] in ("active", "replaced")]
    return {
        **known,
        "services": [*known["services"], service],
        "scopes": [*known["scopes"], *item["scopes"]],
        "machines": known["machines"] or item["machines"],
        "employee_id": known["employee_id"] or item["employee_id"],
        "state": (works or [known])[0]["state"],
        "expires_at": min(key["expires_at"] for key in (works or [known])),
        "last_used_at": max((key["last_used_at"] for key in (known, item) if key["last_used_at"]), default=None),
    }


def _limits(key: Mapping[str, Any], names: Mapping[str, dict[str, Any]]) -> list[str]:
    units = ["all units" if key["org_unit_ids"] is None else f"units {', '.join(key['org_unit_ids'])}"]
    limited = any(_SCOPES[name].by_unit for name in key["scopes"] if name in _SCOPES)
    machines = [f"machines {', '.join(key['machines'])}"] if key["machines"] else []
    officer = [f"officer {person(names, key['employee_id'])}"] if key["employee_id"] else []
    return [*(units if limited else []), *machines, *officer]


def _by_service(names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if name not in _SCOPES:
            raise usage(f"no such scope: {name}; there are\n{_SCOPE_HELP}")
        found.setdefault(_SCOPES[name].service, []).append(name)
    return found


def _end(days: int | None) -> dict[str, str]:
    return {} if days is None else {"expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat()}


def _where(http: httpx.Client, key: UUID) -> list[str]:
    """The services that know the key; ends the command if there is none."""
    known = [
        service
        for service, prefix in PREFIXES.items()
        if request(http, "GET", f"/{prefix}/v1/api-keys/{key}", accept=[HTTPStatus.NOT_FOUND]).is_success
    ]
    if not known:
        raise _unknown(key)
    return known


def _unknown(key: UUID) -> typer.Exit:
    return fail(f"no service knows the key {key}; kinerja keys list --ended shows all")


def _everywhere(http: httpx.Client, bodies: Mapping[str, dict[str, Any]], action: str = "") -> dict[str, Any]:
    """The first service creates the token, the others store it too. After a failure the key is revoked everywhere."""
    made: dict[str, Any] = {}
    done: list[str] = []
    try:
        for service, body in bodies.items():
            token = {"token": made["token"]} if made else {}
            path = f"/{PREFIXES[service]}/v1/api-keys{action}"
            answer = request(http, "POST", path, typed=_TYPED, json=body | token)
            made = answer.json()
            done.append(service)
    except typer.Exit:
        for service in done:
            request(http, "DELETE", f"/{PREFIXES[service]}/v1/api-keys/{made['id']}")
        if done:
            echo(f"The new key was revoked in {', '.join(done)}.", err=True)
        raise
    return made


def _print(made: Mapping[str, Any], services: Sequence[str]) -> None:
    echo(f"key {made['id']} for {', '.join(services)}, until {city_time(made['expires_at'])}", err=True)
    echo(made["token"])
