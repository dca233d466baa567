"""`kinerja notices`: drafts and what became of them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Column, Table

from cli.client import client, pages, request

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Notices: list, show, release, withhold.")


@app.command("list")
def list_notices(state: Annotated[str | None, typer.Option(help="For example draft.")] = None) -> None:
    """Lists notices, oldest first."""
    ids = [Column(name, no_wrap=True, min_width=36) for name in ("notice_id", "employee_id")]  # to be copied whole
    kind, state_of = (Column(name, no_wrap=True, min_width=width) for name, width in (("kind", 22), ("state", 12)))
    table = Table(ids[0], kind, ids[1], "indicator", state_of, "created at")
    with client() as http:
        for item in pages(http, "/notices/v1/notices", **({"state": state} if state else {})):
            table.add_row(
                item["notice_id"],
                item["kind"],
                item["employee_id"],
                item["indicator"] or "",
                item["state"],
                item["created_at"],
            )
    Console(soft_wrap=True).print(table)


@app.command()
def show(notice_id: UUID) -> None:
    """Prints a notice's letter, with its revision."""
    with client() as http:
        notice = request(http, "GET", f"/notices/v1/notices/{notice_id}").json()
    typer.echo(f"{notice['kind']} {notice['state']}, revision {notice['revision']}, {', '.join(notice['reasons'])}\n")
    typer.echo(f"{notice['subject']}\n\n{notice['body']}")
    if notice["withdrawal"]:
        typer.echo(notice["withdrawal"])


@app.command()
def release(
    notice_id: UUID,
    revision: Annotated[int | None, typer.Option(help="The one that you have read: refused if it is another.")] = None,
) -> None:
    """Lets a draft go out, if it states what holds now; otherwise says what differs: then read it again."""
    body = None if revision is None else {"revision": revision}
    with client() as http:
        typer.echo(request(http, "POST", f"/notices/v1/notices/{notice_id}/release", json=body).json()["state"])


@app.command()
def withhold(notice_id: UUID, reason: Annotated[str, typer.Option(help="A code, like NEW_DATA.")]) -> None:
    """Keeps a draft back."""
    with client() as http:
        answer = request(http, "POST", f"/notices/v1/notices/{notice_id}/withhold", json={"reason_code": reason})
        typer.echo(answer.json()["state"])
