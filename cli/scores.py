"""`kinerja scores`: verify, republish, show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import httpx
import orjson
import typer

from cli.client import client, fail, request
from cli.digests import Comparison, compare_all
from shared.contracts.semester import Semester
from shared.contracts.topics import DISCIPLINE, EMPLOYEE
from shared.digests import BUCKETS

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Scores: verify, republish, show.")

DIFFERENCES_MAX = 100
"""Of one topic at one reader."""


@app.command()
def verify(
    since: Annotated[
        str | None,
        typer.Option(help="Compare readers with owners from this semester on, such as 2025-S1; else the last two."),
    ] = None,
) -> None:
    """Recomputes all totals and scores from the facts, and compares what every service keeps with what its owner has.

    Status 1 and a list when anything differs. Officers, days, feedback, scores and discipline are compared by revision and
    content, semester by semester; what is only on its way is no difference.
    """
    with client() as http:
        found = request(http, "POST", "/scores/v1/verify").json()
        counts = f"{found['days']} days, {found['feedback']} feedback, {found['totals']} totals"
        for difference in found["differences"]:
            typer.echo(difference)
        if found["ok"]:
            typer.echo(f"ok: {counts} agree")
        differing = sum(_tell(comparison) for comparison in _comparisons(http, since))
    if not found["ok"]:
        raise fail(f"{found['difference_count']} differences in {counts}")
    if differing:
        raise fail("what services keep differs from what its owners have: docs/runbooks/replay.md")


def _comparisons(http: httpx.Client, since: str | None) -> Iterator[Comparison]:
    """The running semester first, with the officers, then back to `since`."""
    try:
        first = None if since is None else Semester.parse(since)
    except ValueError as error:
        raise fail(f"--since: {error}") from error
    try:
        running: Semester | None = None
        for comparison in compare_all(http):
            running = Semester.parse(comparison.semester)
            yield comparison
        semester = running.previous if running else None
        while semester and semester >= (first or semester):
            # officers were compared whole, and a year's discipline with the second half that came before
            skip = {EMPLOYEE.name} | ({DISCIPLINE.name} if semester.half == 1 else set())
            yield from compare_all(http, str(semester), skip=skip)
            semester = semester.previous if first else None
    except httpx.HTTPError as error:
        raise fail(f"a service does not answer as it should: {error}") from error


def _tell(found: Comparison) -> bool:
    """Prints a comparison; whether it shows a fault."""
    for difference in found.differences[:DIFFERENCES_MAX]:
        typer.echo(difference.words())
    what = f"{found.topic} at {found.reader}"
    if found.topic != EMPLOYEE.name:
        what += f", {found.semester}"
    if found.differences:
        more = f", and more in {found.buckets_left} parts of {BUCKETS}" if found.buckets_left else ""
        typer.echo(f"{what}: {len(found.differences)} of {found.things} differ{more}")
    elif found.on_their_way or found.buckets_left:
        typer.echo(f"{what}: {found.on_their_way} records or more are on their way; ask again when they have arrived")
    else:
        typer.echo(f"ok: {what}: {found.things} agree")
    return bool(found.differences)


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
