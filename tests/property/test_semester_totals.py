"""The stored totals and scores are those of the rules, for any order, repetition and split into batches of any revisions.

The expected values come from the pure rules alone; the stored ones from the handler that the consumer calls, on Postgres.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from embedded.postgres import EmbeddedPostgres
from services.scoring.facts.tables import DayFact
from services.scoring.operations.above import SEMESTER_NUMBER
from services.scoring.policy.policies import PolicyBook
from services.scoring.policy.rules.score import score
from services.scoring.scores.upkeep import ScoreUpkeep
from services.scoring.totals.rules.contribution import (
    NO_TOTALS,
    OFFICER_UNSUR,
    TOTALS,
    Contribution,
    add,
    day_contribution,
    feedback_contribution,
    widen_day,
    widen_feedback,
)
from services.scoring.totals.rules.rounding import hundredths_to_decimal
from services.scoring.totals.tables import SemesterTotal
from shared.contracts.semester import Semester
from shared.contracts.topics import ATTENDANCE_DAY, FEEDBACK
from tests.fixtures.records import assessment, day, incoming, rating
from tests.fixtures.services import Running, running_service, service_in
from tests.integration.readers import receive

OFFICERS = [UUID(int=1), UUID(int=2)]
BORDERS = [date(2024, 2, 29), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 1)]
DATES = st.one_of(st.sampled_from(BORDERS), st.dates(date(2020, 1, 1), date(2199, 12, 31)))
TABLES = "day_fact, feedback_fact, semester_total, discipline_year, outbox"


@dataclass(frozen=True)
class Revision:
    """One revision of a day or a feedback: its record, its owner and what it adds by the rules."""

    fact: str
    revision: int
    record: dict[str, Any]
    owner: tuple[UUID, Semester] | None
    contribution: Contribution

    @property
    def is_day(self) -> bool:
        return "work_date" in self.record


@st.composite
def day_revisions(draw: st.DrawFn, fact: str) -> list[Revision]:
    officer, work_date = draw(st.sampled_from(OFFICERS)), draw(DATES)
    found = []
    for revision in range(1, draw(st.integers(1, 4)) + 1):
        scheduled = draw(st.sampled_from([0, 225, 450, 2880]))
        values = {
            "state": draw(st.sampled_from(["provisional", "final", "final"])),
            "status": draw(st.sampled_from(["present", "absent", "excused", "official_duty", "off", "unknown"])),
            "scheduled_minutes": scheduled,
            "credited_minutes": draw(st.integers(0, scheduled)),
            "excuse": draw(st.sampled_from([None, "CUTI_TAHUNAN"])),
        }
        owner = (officer, Semester.of(work_date))
        added = widen_day(day_contribution(*values.values()))
        found.append(Revision(fact, revision, day(officer, work_date, revision, **values), owner, added))
    return found


@st.composite
def feedback_revisions(draw: st.DrawFn, fact: str) -> list[Revision]:
    """A correction may move a rating to another officer, to the unit or to another semester."""
    is_rating = draw(st.booleans())
    found = []
    for revision in range(1, draw(st.integers(1, 4)) + 1):
        given_on, state = draw(DATES), draw(st.sampled_from(["accepted", "accepted", "quarantined", "withdrawn"]))
        officer = draw(st.sampled_from([*OFFICERS, None] if is_rating else OFFICERS))
        common = {"feedback_id": fact, "state": state, "given_at": f"{given_on}T23:59:59+07:00"}
        if is_rating:
            answers = st.dictionaries(st.sampled_from([*OFFICER_UNSUR, "cost"]), st.integers(1, 4), min_size=1)
            ratings, weight_class = draw(answers), draw(st.sampled_from(["visit", "counter"]))
            record = rating(officer, 4, revision, **common, ratings=ratings, weight_class=weight_class)
            added = feedback_contribution("citizen_rating", state, ratings, None, weight_class)
        else:
            points = {"work_quality": str(draw(st.decimals(0, 100, places=2)))}
            record = assessment(officer, revision, **common, assessment=points)
            added = feedback_contribution("supervisor_assessment", state, None, points, "visit")
        owner = None if officer is None else (officer, Semester.of(given_on))
        found.append(Revision(fact, revision, record, owner, widen_feedback(added)))
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Revision]:
    """Every revision of some facts; each day is another date of an officer."""
    found: list[Revision] = []
    keys: set[tuple[str, str]] = set()
    for number in range(1, draw(st.integers(1, 8)) + 1):
        fact = str(UUID(int=number))
        revisions = draw(day_revisions(fact) if draw(st.booleans()) else feedback_revisions(fact))
        key = (str(revisions[0].record.get("employee_id")), revisions[0].record.get("work_date", fact))
        if key not in keys:
            keys.add(key)
            found += revisions
    return found


def totals_by_the_rules(revisions: Sequence[Revision]) -> dict[tuple[UUID, Semester], Contribution]:
    newest = {one.fact: one for one in sorted(revisions, key=lambda one: one.revision)}
    totals: dict[tuple[UUID, Semester], Contribution] = {}
    for one in newest.values():
        if one.owner is not None:
            totals[one.owner] = add(totals.get(one.owner, NO_TOTALS), one.contribution)
    return totals


async def apply(service: Running, batches: Sequence[Sequence[Revision]]) -> None:
    async with service.context.database.transaction() as session:
        await session.execute(text(f"truncate {TABLES}"))
    for batch in batches:
        records = [incoming(ATTENDANCE_DAY if one.is_day else FEEDBACK, one.record) for one in batch]
        await receive(service, *records)


async def check_stored(service: Running, expected: dict[tuple[UUID, Semester], Contribution]) -> None:
    policies = service.app.part(PolicyBook)
    async with service.context.database.transaction() as session:
        for fact in (await session.execute(select(DayFact))).scalars():
            assert Semester.from_number(fact.semester) == Semester.of(fact.work_date)
        stored = {}
        for row in (await session.execute(select(SemesterTotal))).scalars():
            semester = Semester.from_number(row.semester)
            totals = tuple(getattr(row, name) for name in TOTALS)
            stored[row.employee_id, semester] = totals
            result = score(totals, await policies.policy(session, semester))
            assert (hundredths_to_decimal(row.score), row.band, row.complete) == (
                result.score,
                result.band,
                result.complete,
            )
    assert {key: totals for key, totals in stored.items() if key in expected} == expected
    assert all(totals == NO_TOTALS for key, totals in stored.items() if key not in expected)
    verified = (await service.http.post("/scores/v1/verify")).json()
    assert verified["ok"], verified["differences"]


def test_any_order_repetition_and_batches_of_revisions_store_the_totals_of_the_rules(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    with asyncio.Runner() as runner, service_in(runner, "scoring", embedded_postgres) as service:
        runner.run(service.app.part(ScoreUpkeep).round())

        @settings(
            max_examples=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking on a database would take minutes
        )
        @given(histories(), st.data())
        def check(revisions: list[Revision], data: st.DataObject) -> None:
            repeated = revisions + data.draw(st.lists(st.sampled_from(revisions), max_size=10))
            arrived = data.draw(st.permutations(repeated))
            cuts = sorted(data.draw(st.lists(st.integers(0, len(arrived)), max_size=4)))
            batches = [arrived[a:b] for a, b in zip([0, *cuts], [*cuts, len(arrived)], strict=True)]
            runner.run(apply(service, batches))
            runner.run(check_stored(service, totals_by_the_rules(revisions)))

        check()


async def test_the_number_of_a_semester_in_sql_is_the_number_of_the_contract(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with (
        running_service("scoring", embedded_postgres) as service,
        service.context.database.transaction() as session,
    ):
        day_of_half = date(2000, 3, 1)
        while day_of_half.year <= 2200:
            semester = Semester.of(day_of_half)
            number = await session.execute(text(f"select {SEMESTER_NUMBER}"), {"semester": str(semester)})
            assert number.scalar_one() == semester.number
            day_of_half += timedelta(days=183)
