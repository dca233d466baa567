"""`kinerja links`: links that open an officer's own page or inbox."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer

from cli.client import client, pages, request
from cli.group import subject
from cli.output import JsonOption, city_time, entry, nothing, print_json
from cli.people.officers import OFFICER_HELP, OfficerArgument, names_of, officer_id, person
from cli.terminal import counted, echo, fail, id_of, usage

__all__ = ["app"]

app = subject("Links that open an officer's own pages: issue, list, revoke.")

_PATHS = {"page": "/scores/v1/links", "inbox": "/notices/v1/links"}


@app.command()
def issue(
    officer: OfficerArgument,
    *,
    page: Annotated[bool, typer.Option("--page", help="The score with its details.")] = False,
    inbox: Annotated[bool, typer.Option("--inbox", help="The officer's notices; it also leads to the page.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=366, help="How many days it is valid; left out: the setting.")
    ] = None,
) -> None:
    """Prints a link for the officer only: anyone who has it can open the page. Without an option: both links."""
    chosen = [name for name, wanted in (("page", page), ("inbox", inbox)) if wanted] or list(_PATHS)
    with client() as http:
        employee_id = officer_id(http, officer)
        body = {"employee_id": employee_id, **({} if days is None else {"valid_days": days})}
        made = {name: request(http, "POST", _PATHS[name], json=body).json() for name in chosen}
        echo(person(names_of(http, [employee_id]), employee_id), err=True)
        for name, link in made.items():
            echo(f"{name} {link['id']}, until {city_time(link['expires_at'])}", err=True)
            echo(link["url"])


@app.command("list")
def list_links(
    officer: Annotated[
        str | None, typer.Argument(metavar="[OFFICER]", help=f"Only of this one: {OFFICER_HELP}")
    ] = None,
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that were revoked or have expired.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Lists links, without their addresses, a few lines each: the id, then whose page it opens."""
    with client() as http:
        whose = None if officer is None else officer_id(http, officer)
        found = [{"opens": opens, **link} for opens, link in _all(http, whose) if ended or link["state"] == "active"]
        names = {} if as_json else names_of(http, (link["employee_id"] for link in found))
    if as_json:
        print_json(found)
        return
    for link in found:
        entry(
            f"{link['id']}  {link['state']}",
            f"{link['opens']} of {person(names, link['employee_id'])}",
            f"made by {link['source']}, ends {city_time(link['expires_at'])}, used {city_time(link['last_used_at'])}",
        )
    if not found:
        nothing("no links")


@app.command()
def revoke(
    link: Annotated[
        UUID | None,
        typer.Argument(metavar="[LINK]", parser=id_of("kinerja links list"), help="Its id, as `list` prints it."),
    ] = None,
    officer: Annotated[str | None, typer.Option(help=f"Instead: all links of this one: {OFFICER_HELP}")] = None,
) -> None:
    """Revokes a link, or all links of an officer, at once."""
    if (link is None) == (officer is None):
        raise usage("give the id of a link, or --officer for all of an officer's links")
    with client() as http:
        if link is not None:
            answers = [
                request(http, "DELETE", f"{path}/{link}", accept=[HTTPStatus.NOT_FOUND]) for path in _PATHS.values()
            ]
            if not any(answer.is_success for answer in answers):
                raise fail(f"no service knows the link {link}; kinerja links list --ended shows all")
            echo(f"revoked {link}")
            return
        whose = officer_id(http, str(officer))
        found = [(opens, one["id"]) for opens, one in _all(http, whose) if one["state"] == "active"]
        for opens, identifier in found:
            request(http, "DELETE", f"{_PATHS[opens]}/{identifier}")
    echo(f"revoked {counted(len(found), 'link', 'links')}")


def _all(http: httpx.Client, employee_id: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    query = {} if employee_id is None else {"employee_id": employee_id}
    for opens, path in _PATHS.items():
        for link in pages(http, path, **query):
            yield opens, link
