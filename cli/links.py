"""`kinerja links`: links that open an officer's own page or inbox."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.console import Console
from rich.table import Column, Table

from cli.client import client, fail, pages, request

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Links that open an officer's own pages: issue, list, revoke.")

_PATHS = {"page": "/scores/v1/links", "inbox": "/notices/v1/links"}
OfficerArgument = Annotated[UUID, typer.Argument(help="The officer's employee_id.")]


@app.command()
def issue(
    officer: OfficerArgument,
    *,
    page: Annotated[bool, typer.Option("--page", help="The score with everything behind it.")] = False,
    inbox: Annotated[bool, typer.Option("--inbox", help="The officer's notices; it leads on to the page too.")] = False,
    days: Annotated[int | None, typer.Option(min=1, max=366, help="How long it opens; left out: the setting.")] = None,
) -> None:
    """Prints a link for the officer, and for nobody else: whoever has it opens the page. Without a choice both."""
    chosen = [name for name, wanted in (("page", page), ("inbox", inbox)) if wanted] or list(_PATHS)
    body = {"employee_id": str(officer), **({} if days is None else {"valid_days": days})}
    with client() as http:
        for name in chosen:
            made = request(http, "POST", _PATHS[name], json=body).json()
            typer.echo(f"{name} {made['id']}, until {made['expires_at'][:10]}", err=True)
            typer.echo(made["url"])


@app.command("list")
def list_links(
    officer: Annotated[UUID | None, typer.Argument(help="Only of this officer (employee_id).")] = None,
    *,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that were revoked or have expired.")] = False,
) -> None:
    """Lists links, without their addresses."""
    ids = [Column(name, no_wrap=True, min_width=36) for name in ("link", "employee_id")]
    words = [Column(name, no_wrap=True, min_width=8) for name in ("opens", "made by", "state")]
    table = Table(ids[0], words[0], ids[1], *words[1:], Column("ends", min_width=10), Column("last used", min_width=16))
    with client() as http:
        for opens, link in _all(http, officer):
            if ended or link["state"] == "active":
                used = (link["last_used_at"] or "never")[:16]
                table.add_row(
                    link["id"], opens, link["employee_id"], link["source"], link["state"], link["expires_at"][:10], used
                )
    Console(soft_wrap=True).print(table)


@app.command()
def revoke(
    link: Annotated[UUID | None, typer.Argument(help="The link's id, as `list` prints it.")] = None,
    officer: Annotated[UUID | None, typer.Option(help="Instead: all links of this officer (employee_id).")] = None,
) -> None:
    """Ends a link, or all of an officer's, at once."""
    if (link is None) == (officer is None):
        raise fail("give the id of a link, or --officer for all of an officer's links")
    with client() as http:
        if link is not None:
            answers = [
                request(http, "DELETE", f"{path}/{link}", accept=[HTTPStatus.NOT_FOUND]) for path in _PATHS.values()
            ]
            if not any(answer.is_success for answer in answers):
                raise fail(f"no service knows the link {link}; kinerja links list --ended shows all")
            typer.echo(f"revoked {link}")
            return
        found = [(opens, one["id"]) for opens, one in _all(http, officer) if one["state"] == "active"]
        for opens, identifier in found:
            request(http, "DELETE", f"{_PATHS[opens]}/{identifier}")
    typer.echo(f"revoked {len(found)} links")


def _all(http: httpx.Client, officer: UUID | None) -> Iterator[tuple[str, dict[str, Any]]]:
    query = {} if officer is None else {"employee_id": str(officer)}
    for opens, path in _PATHS.items():
        for link in pages(http, path, **query):
            yield opens, link
