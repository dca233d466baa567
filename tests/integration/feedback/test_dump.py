"""A reader of the whole database, with transaction ids and row order, cannot join a rating to its visit.

The attacker in these tests also knows the time of every vote and its visit (a gateway's log and the order in which visits
were marked reveal that). Each test is one way to join. It may find what the group reveals: a rating is one of at least
five. As a control, each way also runs on a copy in which every vote wrote its own row: there it finds most ratings.
"""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from embedded.programs import postgres_programs
from services.feedback.ratings.publication import Publication
from services.feedback.ratings.rules.questions import QUESTIONS
from tests.fixtures.logs import captured_logs
from tests.fixtures.records import employee
from tests.integration.feedback.office import MINIMUM, Office, office

pytestmark = pytest.mark.embedded

SERVICES = ("KTP-el", "Kartu Keluarga", "Akta lahir")
OFFICERS, DAYS, VISITS_A_DAY = 4, 12, 3
BEGIN = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)

Row = dict[str, Any]
Guess = Callable[[list[Row], "Run"], dict[str, UUID]]


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


@pytest.fixture(scope="module")
async def run(embedded_postgres: EmbeddedPostgres) -> Run:
    """Citizens of four officers vote over twelve days; some visits stay unused; groups are published in between."""
    found = Run()
    with captured_logs("DEBUG") as out:
        async with office(embedded_postgres) as place:
            await _live(place, found)
            found.tables = {name: await _table(place, name) for name in await _names(place)}
            found.dumped = _pg_dump(place)
        found.logged = out.getvalue()
    outbox = {}
    for row in found.tables["outbox"]:
        outbox[orjson.loads(row["value"])["feedback_id"]] = row
    for row in found.tables["feedback"]:
        found.ratings.append(row | {"record": json.loads(row["record"]), "outbox": outbox[str(row["feedback_id"])]})
    return found


async def _live(place: Office, found: Run) -> None:
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
            said = _said({name: int(answer) for name, answer in answers.items() if answer})
            found.votes.append(Vote(UUID(made["visit_id"]), officer, service, place.clock.now(), said))
            await place.service.app.part(Publication).round()
            rows = await place.rows("select employee_id, count(*) from feedback group by 1")
            found.snapshots.append({row[0]: row[1] for row in rows})
    await place.publish()


def _said(ratings: Mapping[str, int]) -> str:
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
    published = {_said(rating["record"]["ratings"]) for rating in run.ratings}
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


def _in_step(order: Callable[[Row], Any]) -> Guess:
    """Pairs the officer's ratings, in the given order, with his used visits in order of use."""

    def guess(ratings: list[Row], run: Run) -> dict[str, UUID]:
        found = {}
        for officer in {row["employee_id"] for row in ratings}:
            mine = sorted((row for row in ratings if row["employee_id"] == officer), key=order)
            for row, vote in zip(mine, run.used_visits(officer), strict=False):
                found[_said(row["record"]["ratings"])] = vote.visit_id
        return found

    return guess


def same_transaction(ratings: list[Row], run: Run) -> dict[str, UUID]:
    visits = {row["xmin"]: row["visit_id"] for row in run.tables["visit"] if row["used"]}
    return {_said(row["record"]["ratings"]): visits[row["xmin"]] for row in ratings if row["xmin"] in visits}


def _nearest(moment_of: Callable[[Row], datetime]) -> Guess:
    """The officer's vote that is closest to a time in the rating."""

    def guess(ratings: list[Row], run: Run) -> dict[str, UUID]:
        found = {}
        for row in ratings:
            mine = [vote for vote in run.votes if vote.employee_id == row["employee_id"]]
            near = min(mine, key=lambda vote: abs(vote.moment - moment_of(row)))
            found[_said(row["record"]["ratings"])] = near.visit_id
        return found

    return guess


def content(ratings: list[Row], run: Run) -> dict[str, UUID]:
    """The used visit of the same officer, service and date; the first one if there are several."""
    found = {}
    for row in ratings:
        date = datetime.fromisoformat(row["record"]["given_at"]).date()
        service = row["record"]["service"]
        same = [
            vote
            for vote in run.votes
            if vote.employee_id == row["employee_id"]
            and vote.service in (service, vote.service if service is None else None)
            and vote.moment.date() == date
        ]
        if same:
            found[_said(row["record"]["ratings"])] = same[0].visit_id
    return found


JOINS: dict[str, Guess] = {
    "transaction id": same_transaction,
    "order of rows": _in_step(lambda row: row["place"]),
    "order of transactions and rows": _in_step(lambda row: (row["xmin"], row["place"])),
    "order of ids": _in_step(lambda row: row["feedback_id"]),
    "order of the outbox": _in_step(lambda row: row["outbox"]["id"]),
    "order of event ids": _in_step(lambda row: row["outbox"]["event_id"]),
    "time recorded": _nearest(lambda row: datetime.fromisoformat(row["record"]["recorded_at"])),
    "time given": _nearest(lambda row: datetime.fromisoformat(row["record"]["given_at"])),
    "time in the event id": _nearest(lambda row: _time_of(row["outbox"]["event_id"])),
    "time of the outbox row": _nearest(lambda row: row["outbox"]["created_at"]),
    "officer, service and date": content,
}


def _time_of(event_id: UUID) -> datetime:
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)


def hits(guesses: dict[str, UUID], run: Run) -> int:
    truth = {vote.answers: vote.visit_id for vote in run.votes}
    return sum(truth[answers] == visit_id for answers, visit_id in guesses.items())


def test_the_run_is_worth_an_attack(run: Run) -> None:
    assert len(run.votes) > 100
    assert len(run.ratings) > 0.8 * len(run.votes)
    groups = {row["group_id"] for row in run.ratings}
    assert len(groups) > 4 * OFFICERS / 2
    assert len({vote.answers for vote in run.votes}) == len(run.votes)


@pytest.mark.parametrize("name", JOINS)
def test_a_join_finds_no_more_than_the_group(run: Run, name: str) -> None:
    # The join is realistic: it finds (nearly) all ratings if each vote writes its own row.
    control = as_votes_came(run)
    assert hits(JOINS[name](control, run), run) >= (0.5 if name == "officer, service and date" else 0.95) * len(control)
    # In a group of five, a guess finds one on average; pairing members with votes in order finds one too.
    found = hits(JOINS[name](run.ratings, run), run)
    assert found <= 0.4 * len(run.ratings), f"{found} of {len(run.ratings)}"


def test_a_group_shares_every_time_and_its_transaction(run: Run) -> None:
    groups: dict[UUID, list[Row]] = {}
    for row in run.ratings:
        groups.setdefault(row["group_id"], []).append(row)
    used = {row["xmin"] for row in run.tables["visit"] if row["used"]}
    for members in groups.values():
        assert len(members) >= MINIMUM
        for column in ("xmin", "given_at"):
            assert len({row[column] for row in members}) == 1
        for column in ("recorded_at", "given_at", "group_size"):
            assert len({row["record"][column] for row in members}) == 1
        assert len({row["outbox"]["created_at"] for row in members}) == 1
        assert members[0]["xmin"] not in used
        headers = " ".join(row["outbox"]["headers"].decode() for row in members)
        assert not any(trace in headers for trace in run.traces)


def test_dumps_taken_after_every_vote_differ_by_whole_groups(run: Run) -> None:
    for before, after in itertools.pairwise(run.snapshots):
        for officer in after:
            more = after[officer] - before.get(officer, 0)
            assert more == 0 or more >= MINIMUM


def test_no_table_but_the_visits_and_the_sealed_boxes_was_written_with_a_vote(run: Run) -> None:
    used = {row["xmin"] for row in run.tables["visit"] if row["used"]}
    written = {name for name, rows in run.tables.items() if any(row["xmin"] in used for row in rows)}
    assert written == {"visit", "ballot_box"}


def test_a_box_tells_nothing_but_whose_it_is(run: Run) -> None:
    boxes = run.tables["ballot_box"]
    assert {row["employee_id"] for row in boxes} == {vote.employee_id for vote in run.votes}
    assert set(boxes[0]) == {
        "xmin", "place", "box_id", "employee_id", "org_unit_id", "weight_class", "due", "quarantined", "sealed",
    }  # fmt: skip
    assert len({len(row["sealed"]) for row in boxes}) == 1
    for row in boxes:
        assert not any(question.unsur.encode() in row["sealed"] for question in QUESTIONS)


def test_a_visit_keeps_no_time_of_its_use(run: Run) -> None:
    assert set(run.tables["visit"][0]) == {
        "xmin", "place", "visit_id", "token_hmac", "employee_id", "org_unit_id", "service", "weight_class", "created_at",
        "expires_at", "used", "idempotency_sha256", "request_sha256",
    }  # fmt: skip
    assert not any(
        row["used"] and row["visit_id"] not in {v.visit_id for v in run.votes} for row in run.tables["visit"]
    )


def test_neither_the_dump_nor_the_log_holds_a_link_and_the_log_no_vote(run: Run) -> None:
    assert "INSERT INTO public.feedback" in run.dumped
    for token in run.tokens:
        assert token not in run.dumped
        assert token not in run.logged
    published = {json.dumps(row["record"]["ratings"]) for row in run.ratings}
    assert len(published) == len(run.ratings)
    for vote in run.votes:
        assert str(vote.visit_id) not in run.logged
        assert str(vote.employee_id) not in run.logged
    for row in run.ratings:
        assert str(row["feedback_id"]) not in run.logged
    waiting = {vote.answers for vote in run.votes} - {_said(row["record"]["ratings"]) for row in run.ratings}
    assert waiting
    plain = run.dumped.replace('\\"', '"').replace(" ", "")
    assert not any(answers.replace(" ", "") in plain for answers in waiting if answers.count(":") > 1)
