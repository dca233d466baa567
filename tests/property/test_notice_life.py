"""The life of notices: with records in any order and any number, no false notice is released, sent or left standing.

Random records (score, absences, the officer, each with revisions that come late, twice or not at all), evaluations,
releases, mails, time and direct repairs of the database run against the real service and a real mail server. The test
computes the expected result from the records alone, without the service's own rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from aiosmtpd.controller import Controller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, service_in
from tests.integration.notifications.desk import NOW, apply
from tests.integration.notifications.mails import MAIL_SETTINGS, Mails
from tests.property.notice_world import World

ROOT = Path(__file__).resolve().parents[2]
TABLES = "notice, delivery, score, discipline, employee, evaluation, outbox, link"
SUPERIORS = (None, UUID(int=1), UUID(int=2))

SCORES = st.tuples(
    st.sampled_from(["93.50", "90.00", "91.25", "89.99", None]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([80, 80, 60, 59]),
    st.sampled_from(["60.00", "69.99", "70.00", "75.00", "75.01", "80.00", None]),
)
PEOPLE = st.tuples(st.sampled_from(["Nama Satu", "Nama Dua"]), st.sampled_from(SUPERIORS))
REVISIONS = 6
REVISION = st.integers(1, REVISIONS)
ANY = st.integers(0, 3)
REPAIRED = st.sampled_from([8800, 9000, 9100])
_ONE = st.one_of(
    st.tuples(st.sampled_from(["score", "absences", "employee"]), REVISION),
    st.tuples(st.just("weeks"), st.integers(1, 3)),
    st.tuples(st.sampled_from(["release", "acknowledge", "withhold"]), ANY),
    st.tuples(st.sampled_from(["send", "age"]), st.just(0)),
    st.tuples(st.just("repair"), REPAIRED),
)


def _phrase(*names: str) -> Any:
    """Steps that often follow each other in practice."""
    numbers = {"score": REVISION, "absences": REVISION, "weeks": st.just(2), "repair": REPAIRED, "release": ANY}
    return st.tuples(*(st.tuples(st.just(name), numbers.get(name, st.just(0))) for name in names))


OPERATIONS = st.one_of(
    st.tuples(_ONE),
    _phrase("score", "weeks"),
    _phrase("score", "weeks", "release", "send"),
    _phrase("score", "weeks", "repair", "release"),
    _phrase("score", "weeks", "release", "score", "send"),
    _phrase("score", "weeks", "release", "score", "send"),
    _phrase("score", "weeks", "score", "release"),
    _phrase("absences", "send", "absences", "send"),
    _phrase("absences", "absences", "send"),
)


# Courses that always run, and the cases that they must reach: this shows that the checks check something.
KNOWN: dict[str, Any] = {
    "score": [
        ("93.50", True, 0, 80, "80.00"),
        ("89.99", True, 1, 80, "60.00"),
        ("89.99", True, 0, 80, "69.99"),
        ("89.99", True, 0, 80, "75.01"),
        (None, True, 0, 80, None),
        ("93.50", False, 0, 80, "80.00"),
    ],
    "absences": [3, 2, 4, 0, 8, 1],
    "employee": [("Nama Satu", SUPERIORS[1]), ("Nama Dua", SUPERIORS[2]), *[("Nama Satu", None)] * 4],
}
KNOWN_COURSES = [
    "employee1 score1 weeks2 repair9000 release0 release0 send0 score2 send0",
    "employee1 score1 weeks2 repair8800 release0",
    "employee1 score1 weeks2 employee2 score2",
    "employee1 score1 weeks2 release0 score2 send0",
    "employee1 score1 weeks2 release0 repair8800 send0",
    "employee1 score3 weeks1 send0 weeks1 release0 send0 acknowledge0 weeks1",
    "employee1 score3 weeks1 score4 send0",
    "employee1 score3 weeks2 score4",
    "employee1 absences1 send0 acknowledge0 absences2 absences1 send0 absences3",
    "employee1 absences1 absences2 send0 age0",
    "employee1 absences1 send0 employee2 send0 age0 age0",
]
HAPPENS = (
    "reward released",
    "reward refused, draft",
    "reward refused, withdrawn",
    "reward mailed",
    "reward withdrawn from draft",
    "reward withdrawn from released",
    "coaching released",
    "coaching mailed",
    "coaching withdrawn from draft",
    "nudge mailed",
    "nudge withdrawn from released",
    "discipline_alert mailed",
    "discipline_alert corrected",
    "discipline_information corrected",
    "discipline_information withdrawn from released",
)


def _steps(words: str) -> list[Any]:
    found = (re.fullmatch(r"([a-z]+)([0-9]+)", word) for word in words.split())
    return [[(one[1], int(one[2])) for one in found if one is not None]]


async def play(
    service: Running,
    clock: FakeClock,
    mails: Mails,
    contents: dict[str, Any],
    course: list[Any],
    seen: Counter[str],
) -> None:
    clock.set(NOW)
    mails.kept.clear()
    async with service.context.database.transaction() as session:
        await session.execute(text(f"truncate {TABLES}"))
    world = World(service, clock, mails, contents, seen=seen)
    for superior in SUPERIORS[1:]:
        person = employee(superior, nip="199001012015011002", name=f"Atasan {superior}", email="superior@example.go.id")
        await apply(service, [incoming(EMPLOYEE, person)])
    for what, number in itertools.chain.from_iterable(course):
        await world.do(what, number)
        await world.check()
    await world.check_published()


def test_no_false_letter_is_sent(embedded_postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    rules = yaml.safe_load((ROOT / "rules/notices/default.yaml").read_text())
    rules["reward"]["evaluations"] = 2
    file = tmp_path / "notices.yaml"
    file.write_text(yaml.safe_dump(rules))
    mails, clock = Mails(), FakeClock(NOW)
    controller = Controller(mails, hostname="127.0.0.1", port=free_port())
    controller.start()
    with contextlib.ExitStack() as stack:
        stack.callback(controller.stop)
        runner = stack.enter_context(asyncio.Runner())
        changes = {"smtp_port": controller.port, "notice_rules_file": file} | MAIL_SETTINGS
        service = stack.enter_context(service_in(runner, "notifications", embedded_postgres, clock=clock, **changes))
        seen: Counter[str] = Counter()

        @settings(
            max_examples=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        )
        @given(
            contents=st.fixed_dictionaries(
                {
                    "score": st.lists(SCORES, min_size=REVISIONS, max_size=REVISIONS),
                    "absences": st.lists(st.integers(0, 8), min_size=REVISIONS, max_size=REVISIONS),
                    "employee": st.lists(PEOPLE, min_size=REVISIONS, max_size=REVISIONS),
                }
            ),
            course=st.tuples(
                st.sampled_from([(("employee", 1),), (("employee", 1),), ()]),
                st.lists(OPERATIONS, min_size=3, max_size=12),
            ).map(lambda parts: [parts[0], *parts[1]]),
        )
        def check(contents: dict[str, Any], course: list[Any]) -> None:
            runner.run(play(service, clock, mails, contents, course, seen))

        for words in KNOWN_COURSES:
            runner.run(play(service, clock, mails, KNOWN, _steps(words), seen))
        assert not [what for what in HAPPENS if not seen[what]], seen
        check()
