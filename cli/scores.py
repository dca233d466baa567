"""`kinerja scores`: verify, republish, show."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import orjson
import typer

from cli.client import client, fail, request

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Scores: verify, republish, show.")


@app.command()
def verify() -> None:
    """Recomputes all totals and scores from the facts; status 1 and a list when anything differs."""
    with client() as http:
        found = request(http, "POST", "/scores/v1/verify").json()
    counts = f"{found['days']} days, {found['feedback']} feedback, {found['totals']} totals"
    if found["ok"]:
        typer.echo(f"ok: {counts} agree")
        return
    for difference in found["differences"]:
        typer.echo(difference)
    raise fail(f"{found['difference_count']} differences in {counts}")


@app.command()
def republish() -> None:
    """Publishes every current score and discipline record again, unchanged."""
    with client() as http:
        typer.echo(f"{request(http, 'POST', '/scores/v1/republish').json()['records']} records are on their way")


@app.command()
def show(
    employee_id: UUID,
    semester: Annotated[str | None, typer.Option(help="Like 2026-S2; the running one if left out.")] = None,
) -> None:
    """Prints an officer's score with everything behind it, as JSON."""
    with client() as http:
        query = {"semester": semester} if semester else {}
        answer = request(http, "GET", f"/scores/v1/employees/{employee_id}", params=query).json()
    typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
