"""`kinerja days`: an officer's days, with their reasons as text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

import typer

from cli.client import client, request
from cli.output import JsonOption, city_zone, nothing, print_json, table
from cli.people.officers import OfficerArgument, find_officer
from cli.terminal import DATE, check_span, date_option, echo

__all__ = ["REASONS", "days", "reason_words"]

SPAN_DAYS = 31
"""The period that is shown by default."""

REASONS: Mapping[str, str] = {
    "NOT_EMPLOYED": "not employed then",
    "REST_DAY": "rest day",
    "NO_SCHEDULE": "no working hours set",
    "ROSTER": "roster shift",
    "ROSTER_OFF": "day off by roster",
    "ROSTER_NO_ENTRY": "no roster entry",
    "HOLIDAY": "holiday",
    "COLLECTIVE_LEAVE": "collective leave",
    "HOLIDAY_UNCONFIRMED": "holiday not confirmed yet",
    "LEAVE": "leave",
    "DUTY": "official duty",
    "HALF_DAY": "the other half counted",
    "EXCUSE_REQUESTED": "a leave request is open",
    "LATE": "late",
    "EARLY_LEAVE": "left early",
    "IN_MISSING": "no arrival punch",
    "OUT_MISSING": "no departure punch",
    "DAY_CAP": "deduction limited to the deduction for an absence",
    "NO_PUNCH": "no punch",
    "OUTAGE": "a machine was out of order",
    "NO_MACHINE": "no machine in service there",
    "DAY_NOT_OVER": "the day is not over",
    "AWAITING_MACHINES": "machines have more to upload",
    "MACHINE_CLOCK_WRONG": "a machine's clock is wrong",
    "OTHER_SITE": "punch at another unit's machine",
    "PUNCH_NOT_COUNTED": "a punch with an impossible time was not counted",
}
"""From docs/working-time.md. Another code, such as RAMADAN, is the name of a decree's hours and is shown unchanged."""


def days(
    officer: OfficerArgument,
    first: Annotated[
        date | None,
        typer.Option("--from", parser=date_option, metavar=DATE, help="The first date; 31 days before the last one."),
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", parser=date_option, metavar=DATE, help="The last date; today.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Lists an officer's days with status, punches and reasons. `open` days may still change."""
    until = last or datetime.now(city_zone()).date()
    since = first or until - timedelta(days=SPAN_DAYS - 1)
    check_span(since, until)
    with client() as http:
        who = find_officer(http, officer)
        query = {"from": since.isoformat(), "to": until.isoformat()}
        found = request(http, "GET", f"/attendance/v1/employees/{who['employee_id']}/days", params=query).json()
    if as_json:
        print_json(found)
        return
    echo(f"{who['name']} ({who['nip']}), {since} to {until}", err=True)
    if not found:
        nothing("no days")
        return
    rows = (
        (
            f"{date.fromisoformat(day['work_date']):%Y-%m-%d %a}",
            day["status"].replace("_", " ") + ("" if day["state"] == "final" else ", open"),
            _clock(day["first_in"]),
            _clock(day["last_out"]),
            reason_words(day),
        )
        for day in found
    )
    table(("DATE", "STATUS", "IN", "OUT", "WHY"), rows, wraps=("WHY",))


def reason_words(day: Mapping[str, Any]) -> str:
    """The reasons for a day's result, with the minutes and the deduction in percent of the allowance."""
    minutes = {"LATE": day["late_minutes"], "EARLY_LEAVE": day["early_leave_minutes"]}
    reasons = []
    for code in day["reasons"]:
        text = REASONS.get(code, code)
        if code in ("LEAVE", "DUTY", "HOLIDAY", "HALF_DAY") and day["excuse"]:
            text += f" ({day['excuse']})"
        reasons.append(f"{text} {minutes[code]} min" if code in minutes else text)
    reasons += [f"deduction {float(deduction['percent']):g}%" for deduction in day["deductions"]]
    return "; ".join(reasons)


def _clock(moment: str | None) -> str:
    """The time of day, in the unit's zone."""
    return "" if moment is None else f"{datetime.fromisoformat(moment):%H:%M}"
