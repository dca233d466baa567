"""Votes of several days with everything that an attacker of the database could see."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
from sqlalchemy import text

from embedded.programs import postgres_programs
from services.feedback.ratings.publication import Publication
from services.feedback.visits.rules.questions import QUESTIONS
from tests.fixtures.logs import captured_logs
from tests.fixtures.records import employee
from tests.fixtures.stores.postgres import Server
from tests.integration.feedback.office import Office, office

__all__ = ["OFFICERS", "Row", "Run", "answers_of", "as_votes_came", "recorded_run"]

SERVICES = ("KTP-el", "Kartu Keluarga", "Akta lahir")
OFFICERS, DAYS, VISITS_A_DAY = 4, 12, 3
BEGIN = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)

Row = dict[str, Any]


@dataclass(frozen=True)
class Vote:
    """The real vote; every vote has different answers, so the answers identify it."""

    visit_id: UUID
    employee_id: UUID
    service: str
    moment: datetime
    answers: str


@dataclass
class Run:
    """The real votes of a run, the database after it, and what was observed during it."""

    votes: list[Vote] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    """Of the requests for visits and votes."""
    tables: dict[str, list[Row]] = field(default_factory=dict)
    ratings: list[Row] = field(default_factory=list)
    """The rows of `feedback`, each with its outbox row, in table order."""
    snapshots: list[dict[UUID, int]] = field(default_factory=list)
    """After each vote: officer → number of published ratings."""
    logged: str = ""
    dumped: str = ""

    def used_visits(self, employee_id: UUID) -> list[Vote]:
        """The officer's used visits in order of use, according to the visit table."""
        rows = [row for row in self.tables["visit"] if row["used"] and row["employee_id"] == employee_id]
        order = [row["visit_id"] for row in sorted(rows, key=lambda row: (row["xmin"], row["place"]))]
        votes = {vote.visit_id: vote for vote in self.votes}
        return [votes[visit_id] for visit_id in order]


async def recorded_run(server: Server) -> Run:
    """Citizens of four officers vote over twelve days; some visits stay unused; groups are published in between."""
    found = Run()
    with captured_logs("DEBUG") as out:
        async with office(server) as place:
            await _vote_for_days(place, found)
            found.tables = {name: await _table(place, name) for name in await _names(place)}
            found.dumped = _pg_dump(place)
        found.logged = out.getvalue()
    outbox = {}
    for row in found.tables["outbox"]:
        outbox[orjson.loads(row["value"])["feedback_id"]] = row
    for row in found.tables["feedback"]:
        found.ratings.append(row | {"record": json.loads(row["record"]), "outbox": outbox[str(row["feedback_id"])]})
    return found


async def _vote_for_days(place: Office, found: Run) -> None:
    chance = random.Random(7)
    vectors = [v for v in itertools.product(("", "1", "2", "3", "4"), repeat=len(QUESTIONS)) if any(v)]
    chance.shuffle(vectors)
    officers = [uuid4() for _ in range(OFFICERS)]
    await place.hear(*(employee(one, name=f"Petugas {n}") for n, one in enumerate(officers)))
    for day in range(DAYS):
        place.clock.set(BEGIN + timedelta(days=day))
        today = [(officer, chance.choice(SERVICES)) for officer in officers for _ in range(VISITS_A_DAY)]
        chance.shuffle(today)
        for officer, service in today:
            place.clock.advance(timedelta(minutes=chance.randint(3, 20)))
            body = {"employee_id": str(officer), "service": service}
            made = (await place.http.post("/feedback/v1/visits", json=body)).json()
            found.tokens.append(httpx.URL(made["url"]).path.removeprefix("/f/"))
            if chance.random() < 0.1:
                continue
            vector = vectors.pop()
            answers = {question.unsur: answer for question, answer in zip(QUESTIONS, vector, strict=True)}
            voted = await place.http.post(f"/f/{found.tokens[-1]}", data=answers)
            assert voted.status_code == 200
            found.traces.append(voted.headers["x-request-id"])
            answered = answers_of({name: int(answer) for name, answer in answers.items() if answer})
            found.votes.append(Vote(UUID(made["visit_id"]), officer, service, place.clock.now(), answered))
            await place.service.app.part(Publication).round()
            rows = await place.rows("select employee_id, count(*) from feedback group by 1")
            found.snapshots.append({row[0]: row[1] for row in rows})
    await place.publish()


def answers_of(ratings: Mapping[str, int]) -> str:
    return json.dumps(ratings, sort_keys=True)


async def _names(place: Office) -> list[str]:
    return [row[0] for row in await place.rows("select tablename from pg_tables where schemaname = 'public'")]


async def _table(place: Office, name: str) -> list[Row]:
    """All rows with the transaction that wrote them and their position in the table's file, in file order."""
    query = f"select xmin::text::bigint as xmin, ctid::text as ctid, t.* from {name} t"
    async with place.service.context.database.transaction() as session:
        rows = [dict(row) for row in (await session.execute(text(query))).mappings()]
    for row in rows:
        row["place"] = tuple(map(int, row.pop("ctid").strip("()").split(",")))
    return sorted(rows, key=lambda row: row["place"])


def _pg_dump(place: Office) -> str:
    dsn = place.service.context.settings.database.replace("+asyncpg", "")
    command = [postgres_programs() / "pg_dump", "--inserts", f"--dbname={dsn}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def as_votes_came(run: Run) -> list[Row]:
    """The same ratings as if each vote wrote its own row: here every join must find them."""
    rows = {row["visit_id"]: row for row in run.tables["visit"]}
    published = {answers_of(rating["record"]["ratings"]) for rating in run.ratings}
    found = []
    for number, vote in enumerate(sorted(run.votes, key=lambda vote: vote.moment)):
        if vote.answers not in published:
            continue
        moment = vote.moment.isoformat()
        record = {
            "ratings": json.loads(vote.answers),
            "service": vote.service,
            "given_at": moment,
            "recorded_at": moment,
        }
        event_id = UUID(int=(int(vote.moment.timestamp() * 1000) << 80) | (7 << 76) | number)
        feedback_id = UUID(int=number + 1)
        found.append(
            {"feedback_id": feedback_id, "employee_id": vote.employee_id, "record": record, "place": (0, number),
             "xmin": rows[vote.visit_id]["xmin"],
             "outbox": {"id": number, "event_id": event_id, "created_at": vote.moment}}
        )  # fmt: skip
    return found
