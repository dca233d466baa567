"""A reader of the whole database, with transaction ids and row order, cannot join a rating to its visit.

The attacker in these tests also knows the time of every vote and its visit (a gateway's log and the order in which visits
were used reveal that). Each test is one way to join. It may find what the group reveals: a rating is one of at least
five. As a control, each way also runs on a copy in which every vote wrote its own row: there it finds most ratings.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from embedded.postgres import EmbeddedPostgres
from services.feedback.visits.rules.questions import QUESTIONS
from tests.integration.feedback.office import MINIMUM
from tests.integration.feedback.recorded_run import OFFICERS, Row, Run, answers_of, as_votes_came, recorded_run

pytestmark = pytest.mark.embedded

Guess = Callable[[list[Row], Run], dict[str, UUID]]


@pytest.fixture(scope="module")
async def run(embedded_postgres: EmbeddedPostgres) -> Run:
    return await recorded_run(embedded_postgres)


def _in_step(order: Callable[[Row], Any]) -> Guess:
    """Pairs the officer's ratings, in the given order, with his used visits in order of use."""

    def guess(ratings: list[Row], run: Run) -> dict[str, UUID]:
        found = {}
        for officer in {row["employee_id"] for row in ratings}:
            mine = sorted((row for row in ratings if row["employee_id"] == officer), key=order)
            for row, vote in zip(mine, run.used_visits(officer), strict=False):
                found[answers_of(row["record"]["ratings"])] = vote.visit_id
        return found

    return guess


def same_transaction(ratings: list[Row], run: Run) -> dict[str, UUID]:
    visits = {row["xmin"]: row["visit_id"] for row in run.tables["visit"] if row["used"]}
    return {answers_of(row["record"]["ratings"]): visits[row["xmin"]] for row in ratings if row["xmin"] in visits}


def _nearest(moment_of: Callable[[Row], datetime]) -> Guess:
    """The officer's vote that is closest to a time in the rating."""

    def guess(ratings: list[Row], run: Run) -> dict[str, UUID]:
        found = {}
        for row in ratings:
            mine = [vote for vote in run.votes if vote.employee_id == row["employee_id"]]
            near = min(mine, key=lambda vote: abs(vote.moment - moment_of(row)))
            found[answers_of(row["record"]["ratings"])] = near.visit_id
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
            found[answers_of(row["record"]["ratings"])] = same[0].visit_id
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


def test_the_recorded_run_contains_enough_votes_for_an_attack(run: Run) -> None:
    assert len(run.votes) > 100
    assert len(run.ratings) > 0.8 * len(run.votes)
    groups = {row["group_id"] for row in run.ratings}
    assert len(groups) > 4 * OFFICERS / 2
    assert len({vote.answers for vote in run.votes}) == len(run.votes)


@pytest.mark.parametrize("name", JOINS)
def test_no_join_of_tables_finds_less_than_a_whole_group(run: Run, name: str) -> None:
    # The join is realistic: it finds (nearly) all ratings if each vote writes its own row.
    control = as_votes_came(run)
    assert hits(JOINS[name](control, run), run) >= (0.5 if name == "officer, service and date" else 0.95) * len(control)
    # In a group of five, a guess finds one on average; pairing members with votes in order finds one too.
    found = hits(JOINS[name](run.ratings, run), run)
    assert found <= 0.4 * len(run.ratings), f"{found} of {len(run.ratings)}"


def test_the_ratings_of_a_group_share_their_times_and_transaction(run: Run) -> None:
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


def test_a_vote_writes_only_its_visit_and_a_sealed_box(run: Run) -> None:
    used = {row["xmin"] for row in run.tables["visit"] if row["used"]}
    written = {name for name, rows in run.tables.items() if any(row["xmin"] in used for row in rows)}
    assert written == {"visit", "ballot_box"}


def test_a_box_reveals_only_its_target(run: Run) -> None:
    boxes = run.tables["ballot_box"]
    assert {row["employee_id"] for row in boxes} == {vote.employee_id for vote in run.votes}
    assert set(boxes[0]) == {
        "xmin", "place", "box_id", "employee_id", "org_unit_id", "weight_class", "due", "quarantined", "sealed",
    }  # fmt: skip
    assert len({len(row["sealed"]) for row in boxes}) == 1
    for row in boxes:
        assert not any(question.unsur.encode() in row["sealed"] for question in QUESTIONS)


def test_a_visit_stores_no_time_of_its_use(run: Run) -> None:
    assert set(run.tables["visit"][0]) == {
        "xmin", "place", "visit_id", "token_hmac", "employee_id", "org_unit_id", "service", "weight_class", "created_at",
        "expires_at", "used", "idempotency_sha256", "request_sha256",
    }  # fmt: skip
    assert not any(
        row["used"] and row["visit_id"] not in {v.visit_id for v in run.votes} for row in run.tables["visit"]
    )


def test_dump_and_log_contain_no_link_and_the_log_no_vote(run: Run) -> None:
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
    waiting = {vote.answers for vote in run.votes} - {answers_of(row["record"]["ratings"]) for row in run.ratings}
    assert waiting
    plain = run.dumped.replace('\\"', '"').replace(" ", "")
    assert not any(answers.replace(" ", "") in plain for answers in waiting if answers.count(":") > 1)
