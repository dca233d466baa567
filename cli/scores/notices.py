"""`kinerja notices`: drafts and decided notices."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from cli.client import client, pages, request
from cli.group import subject
from cli.output import JsonOption, city_time, details, entry, nothing, paragraphs, print_json
from cli.people.officers import OFFICER_HELP, names_of, officer_id, person
from cli.reasons import NOTICE_REASONS
from cli.terminal import echo, id_of

__all__ = ["app"]

app = subject("Notices: list, show, release, withhold.")

NoticeArgument = Annotated[
    UUID, typer.Argument(metavar="NOTICE", parser=id_of("kinerja notices list"), help="Its id, as `list` prints it.")
]


@app.command("list")
def list_notices(
    state: Annotated[str | None, typer.Option(help="For example draft.")] = None,
    kind: Annotated[str | None, typer.Option(help="For example coaching.")] = None,
    officer: Annotated[str | None, typer.Option(help=f"Only about this one: {OFFICER_HELP}")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Lists notices, oldest first, a few lines each: the id, then its kind and officer."""
    with client() as http:
        about = None if officer is None else officer_id(http, officer)
        query = {"state": state, "kind": kind, "employee_id": about}
        found = list(pages(http, "/notices/v1/notices", **{name: value for name, value in query.items() if value}))
        names = {} if as_json else names_of(http, (item["employee_id"] for item in found))
    if as_json:
        print_json(found)
        return
    for item in found:
        entry(
            f"{item['notice_id']}  {item['state']}",
            f"{item['kind']}: {person(names, item['employee_id'])}",
            ", ".join((item["indicator"] or "score", item["period"], f"made {city_time(item['created_at'])}")),
        )
    if not found:
        nothing("no notices")


@app.command()
def show(notice: NoticeArgument, *, as_json: JsonOption = False) -> None:
    """Prints a notice's letter, with its revision."""
    with client() as http:
        found = request(http, "GET", f"/notices/v1/notices/{notice}").json()
        names = {} if as_json else names_of(http, (found["employee_id"], found["recipient_id"]))
    if as_json:
        print_json(found)
        return
    why = "; ".join(NOTICE_REASONS.get(code, code) for code in found["reasons"])
    echo(f"{found['kind']} {found['state']}, revision {found['revision']}: {why}")
    moments = ("released_at", "delivered_at", "acknowledged_at", "object_until", "withdrawn_at")
    details(
        {
            "about": person(names, found["employee_id"]),
            "to": person(names, found["recipient_id"]),
            **{name.removesuffix("_at").replace("_", " "): city_time(found[name], "") for name in moments},
        }
    )
    paragraphs(f"\n{found['subject']}\n\n{found['body']}")
    if found["withdrawal"]:
        paragraphs(found["withdrawal"])


@app.command()
def release(
    notice: NoticeArgument,
    revision: Annotated[
        int | None, typer.Option(help="The revision that you have read: refused if it is another.")
    ] = None,
) -> None:
    """Releases a draft, if its facts are current; otherwise prints what differs: then read it again."""
    body = None if revision is None else {"revision": revision}
    with client() as http:
        echo(request(http, "POST", f"/notices/v1/notices/{notice}/release", json=body).json()["state"])


@app.command()
def withhold(notice: NoticeArgument, reason: Annotated[str, typer.Option(help="A code, like NEW_DATA.")]) -> None:
    """Withholds a draft."""
    with client() as http:
        answer = request(http, "POST", f"/notices/v1/notices/{notice}/withhold", json={"reason_code": reason})
        echo(answer.json()["state"])
