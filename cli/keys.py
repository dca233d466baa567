"""`kinerja keys`: API keys of all services. One token may open several services; it is printed once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from cli.client import PREFIXES, client, fail, pages, request
from shared.errors import InvalidError
from shared.scopes import SCOPES, check_rights

__all__ = ["app", "merged"]

app = typer.Typer(no_args_is_help=True, help="API keys: make, list, rotate, revoke, in all services at once.")

_SCOPES = {scope.name: scope for scope in SCOPES}
_SCOPE_HELP = "\n".join(f"{scope.name}: to {scope.may}." for scope in SCOPES)
KeyArgument = Annotated[UUID, typer.Argument(help="The key's id, as `list` prints it.")]


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Whose it is, for the list: hris, queue-disdukcapil.")],
    scope: Annotated[list[str], typer.Option(help=f"May be given several times. One of: {', '.join(_SCOPES)}.")],
    unit: Annotated[list[str] | None, typer.Option(help="A unit that it may read; left out: all.")] = None,
    machine: Annotated[list[str] | None, typer.Option(help="A serial that it may write for (punches:write).")] = None,
    officer: Annotated[UUID | None, typer.Option(help="The employee_id for whom it acts (a supervisor).")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How long it works; 365 if left out.")] = None,
) -> None:
    """Makes a key and prints its token, this once."""
    bodies: dict[str, dict[str, Any]] = {}
    for service, scopes in _by_service(scope).items():
        chosen = [_SCOPES[name] for name in scopes]
        serials = machine if any(s.by_machine for s in chosen) else None
        holder = officer if any(s.by_officer for s in chosen) else None
        try:
            check_rights(service, scopes, employee_id=holder, org_unit_ids=unit, machines=serials)
        except InvalidError as error:
            raise fail(error.detail) from error
        bodies[service] = {
            "name": name,
            "scopes": scopes,
            "org_unit_ids": unit,
            "machines": serials,
            "employee_id": None if holder is None else str(holder),
            **_end(days),
        }
    for option, value, field in (("--machine", machine, "machines"), ("--officer", officer, "employee_id")):
        if value and not any(body[field] for body in bodies.values()):
            raise fail(f"{option}: none of these scopes heeds it")
    with client() as http:
        made = _everywhere(http, bodies)
    _print(made, list(bodies))


@app.command("list")
def list_keys(
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that were revoked or are past their end.")] = False,
) -> None:
    """Lists keys, the oldest first."""
    widths = {"key": 36, "name": 8, "opens": 18, "limited to": 18, "state": 8, "ends": 10, "last used": 16}
    table = Table(*(Column(name, no_wrap=name == "key", min_width=width) for name, width in widths.items()))
    with client() as http:
        for key in merged(_all(http)):
            if ended or key["state"] in ("active", "replaced"):
                table.add_row(
                    key["id"],
                    escape(key["name"]),
                    "\n".join(key["scopes"]),
                    escape("\n".join(_limits(key))),
                    key["state"],
                    key["expires_at"][:10],
                    (key["last_used_at"] or "never")[:16],
                )
    Console(soft_wrap=True).print(table)


@app.command()
def rotate(
    key: KeyArgument,
    overlap_hours: Annotated[int, typer.Option(min=0, max=720, help="How long the old one goes on working.")] = 168,
    days: Annotated[int | None, typer.Option(min=1, help="How long the new one works; left out: like the old.")] = None,
) -> None:
    """Makes a key with the same rights and prints its token; the old one works until the overlap is over."""
    with client() as http:
        bodies = {service: {"overlap_hours": overlap_hours, **_end(days)} for service in _where(http, key)}
        made = _everywhere(http, bodies, f"/{key}/rotate")
    _print(made, list(bodies))


@app.command()
def revoke(key: KeyArgument) -> None:
    """Ends a key within a few seconds, in every service that knows it."""
    with client() as http:
        for service in _where(http, key):
            request(http, "DELETE", f"/{PREFIXES[service]}/v1/api-keys/{key}")
    typer.echo(f"revoked {key}")


def merged(items: Iterable[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Every key once, whichever services it opens, the oldest first; `items` are services with a key each.

    It has the scopes of all its services, the newest use and the first end.
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


def _limits(key: Mapping[str, Any]) -> list[str]:
    units = ["all units" if key["org_unit_ids"] is None else f"units {', '.join(key['org_unit_ids'])}"]
    limited = any(_SCOPES[name].by_unit for name in key["scopes"] if name in _SCOPES)
    machines = [f"machines {', '.join(key['machines'])}"] if key["machines"] else []
    officer = [f"officer {key['employee_id']}"] if key["employee_id"] else []
    return [*(units if limited else []), *machines, *officer]


def _by_service(names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if name not in _SCOPES:
            raise fail(f"no such scope: {name}; there are\n{_SCOPE_HELP}")
        found.setdefault(_SCOPES[name].service, []).append(name)
    return found


def _end(days: int | None) -> dict[str, str]:
    return {} if days is None else {"expires_at": (datetime.now(UTC) + timedelta(days=days)).isoformat()}


def _where(http: httpx.Client, key: UUID) -> list[str]:
    """The services that know the key; ends the command when none does."""
    known = [
        service
        for service, prefix in PREFIXES.items()
        if request(http, "GET", f"/{prefix}/v1/api-keys/{key}", accept=[HTTPStatus.NOT_FOUND]).is_success
    ]
    if not known:
        raise fail(f"no service knows the key {key}; kinerja keys list --ended shows all")
    return known


def _everywhere(http: httpx.Client, bodies: Mapping[str, dict[str, Any]], action: str = "") -> dict[str, Any]:
    """The first service makes the token, the others take it too. What fails midway leaves no half-made key behind."""
    made: dict[str, Any] = {}
    done: list[str] = []
    try:
        for service, body in bodies.items():
            token = {"token": made["token"]} if made else {}
            answer = request(http, "POST", f"/{PREFIXES[service]}/v1/api-keys{action}", json=body | token)
            made = answer.json()
            done.append(service)
    except typer.Exit:
        for service in done:
            request(http, "DELETE", f"/{PREFIXES[service]}/v1/api-keys/{made['id']}")
        if done:
            typer.echo(f"The new key was taken back from {', '.join(done)}.", err=True)
        raise
    return made


def _print(made: Mapping[str, Any], services: Sequence[str]) -> None:
    typer.echo(f"key {made['id']} for {', '.join(services)}, until {made['expires_at'][:10]}", err=True)
    typer.echo(made["token"])
