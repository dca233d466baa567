"""`kinerja scores`: list, show, verify, republish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer

from cli.client import client, pages, request
from cli.doctor.digests import Comparison, compare_all
from cli.group import subject
from cli.output import JsonOption, city_time, details, nothing, print_json, table
from cli.people.officers import OfficerArgument, find_officer, names_of
from cli.people.units import check_units
from cli.progress import doing
from cli.reasons import SCORE_REASONS
from cli.terminal import counted, echo, fail, usage
from shared.contracts.semester import Semester
from shared.contracts.topics import DISCIPLINE, EMPLOYEE
from shared.db.digests import BUCKETS

__all__ = ["app"]

app = subject("Scores: list, show, verify, republish.")

DIFFERENCES_MAX = 100
"""Printed differences of one topic at one reader."""
SemesterOption = Annotated[str | None, typer.Option(help="Like 2026-S2; the current one if left out.")]


@app.command("list")
def list_scores(
    unit: Annotated[str | None, typer.Option(help="Only officers of this unit (org_unit_id).")] = None,
    semester: SemesterOption = None,
    band: Annotated[str | None, typer.Option(help="Only scores in this band, such as BAIK.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Lists officers' scores of a semester by name: never a ranking. A score without all its evidence is `partial`."""
    query = {"org_unit_id": unit, "semester": semester, "band": None if band is None else band.upper()}
    with client() as http, doing("reading scores"):
        found = list(pages(http, "/scores/v1/employees", **{name: value for name, value in query.items() if value}))
        if not found and unit is not None:
            check_units(http, [unit])
        names = {} if as_json else names_of(http, (item["employee_id"] for item in found))
    if as_json:
        print_json(found)
        return
    if not found:
        nothing("no scores" if band is None else f"no scores in the band {query['band']}")
        return
    rows = []
    for item in found:
        officer = names.get(item["employee_id"], {})
        name = officer.get("name", item["employee_id"])
        state = item["band"] or "no score"
        rows.append(
            (
                officer.get("nip", ""),
                name,
                item["org_unit_id"],
                item["score"],
                state if item["complete"] else f"{state}, partial",
            )
        )
    rows.sort(key=lambda row: str(row[1]).casefold())
    table(("NIP", "NAME", "UNIT", "SCORE", "BAND"), rows, wraps=("NAME", "UNIT", "BAND"))


@app.command()
def show(officer: OfficerArgument, semester: SemesterOption = None, *, as_json: JsonOption = False) -> None:
    """Prints an officer's score with its parts; with --json all data behind it."""
    with client() as http:
        who = find_officer(http, officer)
        query = {"semester": semester} if semester else {}
        found = request(http, "GET", f"/scores/v1/employees/{who['employee_id']}", params=query).json()
    if as_json:
        print_json(found)
        return
    partial = "" if found["complete"] else " (partial: some evidence is missing)"
    details(
        {
            "officer": f"{who['name']} ({who['nip']}), {who['org_unit_name']}",
            "semester": found["semester"],
            "score": f"{found['score'] or 'none yet'} {found['band'] or ''}".strip() + partial,
            "as of": city_time(found["as_of"]),
            "rule": f"{found['policy']['id']} {found['policy']['version']}",
            "why": "; ".join(SCORE_REASONS.get(code, code) for code in found["reasons"]),
            "days": _days(found["facts"]["days"]),
            "unexcused": f"{found['unexcused_days']} days of absence",
            "ratings": _ratings(found["facts"]),
        }
    )
    echo()
    rows = (
        (
            _plain(i["name"]),
            i["value"] or "-",
            _percent(i["weight"]),
            _percent(i["effective_weight"]),
            i["n"],
            _plain(i["state"]),
        )
        for i in found["indicators"]
    )
    table(("INDICATOR", "VALUE", "WEIGHT", "COUNTS", "FACTS", "STATE"), rows, wraps=("INDICATOR", "STATE"))
    echo()
    details({"note": found["note"]})


def _days(days: list[dict[str, Any]]) -> str:
    """How many days of each status; `kinerja days` lists the days."""
    counts = Counter(_plain(day["status"]) for day in days if day["state"] == "final")
    parts = [f"{count} {status}" for status, count in counts.most_common()]
    open_days = sum(day["state"] != "final" for day in days)
    return ", ".join(parts + ([f"{open_days} still open"] if open_days else []))


def _ratings(facts: dict[str, Any]) -> str:
    groups = [group for group in facts["rating_groups"] if group["counted"]]
    own = sum(item["counted"] for item in facts["feedback"])
    return f"{sum(group['n'] for group in groups)} of citizens, {own} of superiors"


def _plain(code: str) -> str:
    return code.replace("_", " ").lower()


def _percent(share: str) -> str:
    return f"{float(share) * 100:.0f}%"


@app.command()
def verify(
    since: Annotated[
        str | None,
        typer.Option(help="Compare readers with owners from this semester on, such as 2025-S1; else the last two."),
    ] = None,
) -> None:
    """Recomputes all totals and scores from the facts, and compares the state of every reader with its owner's.

    Status 1 and a list if anything differs. Officers, days, feedback, scores and discipline are compared by revision and
    content, semester by semester; records that are still queued are not differences.
    """
    first = _semester(since)
    with client() as http:
        with doing("recomputing totals and scores from the facts"):
            found = request(http, "POST", "/scores/v1/verify").json()
        counts = f"{found['days']} days, {found['feedback']} feedback, {found['totals']} totals"
        for difference in found["differences"]:
            echo(difference)
        if found["ok"]:
            echo(f"ok: {counts} agree")
        differing, comparisons = 0, _comparisons(http, first)
        while True:
            with doing("comparing each reader with the owner"):
                comparison = next(comparisons, None)
            if comparison is None:
                break
            differing += _tell(comparison)
    if not found["ok"]:
        raise fail(f"{counted(found['difference_count'], 'difference', 'differences')} in {counts}")
    if differing:
        raise fail("readers differ from owners: docs/runbooks/replay.md")


def _semester(text: str | None) -> Semester | None:
    try:
        return None if text is None else Semester.parse(text)
    except ValueError as error:
        raise usage(f"--since: {error}") from error


def _comparisons(http: httpx.Client, first: Semester | None) -> Iterator[Comparison]:
    """The current semester first, with the officers, then back to the first one; by default also the previous one."""
    try:
        running: Semester | None = None
        for comparison in compare_all(http):
            running = Semester.parse(comparison.semester)
            yield comparison
        semester = running.previous if running else None
        while semester and semester >= (first or semester):
            # officers are already compared, and a year's discipline with its second half
            skip = {EMPLOYEE.name} | ({DISCIPLINE.name} if semester.half == 1 else set())
            yield from compare_all(http, str(semester), skip=skip)
            semester = semester.previous if first else None
    except httpx.HTTPError as error:
        raise fail(f"a service does not answer as it should: {error}") from error


def _tell(found: Comparison) -> bool:
    """Prints a comparison; returns whether it shows a fault."""
    for difference in found.differences[:DIFFERENCES_MAX]:
        echo(difference.words())
    what = f"{found.topic} at {found.reader}"
    if found.topic != EMPLOYEE.name:
        what += f", {found.semester}"
    if found.differences:
        more = f", and more in {found.buckets_left} parts of {BUCKETS}" if found.buckets_left else ""
        echo(f"{what}: {len(found.differences)} of {found.things} differ{more}")
    elif found.on_their_way or found.buckets_left:
        echo(f"{what}: {found.on_their_way} or more records are on their way; run this again when they have arrived")
    else:
        echo(f"ok: {what}: {found.things} agree")
    return bool(found.differences)


@app.command()
def republish() -> None:
    """Publishes every current score and discipline record again, unchanged."""
    with client() as http:
        count = request(http, "POST", "/scores/v1/republish").json()["records"]
        echo(f"{counted(count, 'record is on its way', 'records are on their way')}")
