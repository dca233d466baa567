"""The life of notices: with records in any order and any number, no false notice is released, sent or kept.

Random records (score, absences, the officer, each with revisions that come late, twice or not at all), evaluations,
releases, mails, time and direct repairs of the database run against the real service and a real mail server. The test
computes the expected result from the records alone, without the service's own rules.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import yaml
from aiosmtpd.controller import Controller
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from embedded.children import free_port
from embedded.postgres import EmbeddedPostgres
from services.notifications.delivery.delivery import Sender
from services.notifications.notices.ageing import Ageing
from services.notifications.notices.evaluation import Evaluation
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.notifications.desk import (
    LIMITS,
    MAIL_SETTINGS,
    NOW,
    STEPS,
    WEEK,
    Mails,
    absences,
    apply,
    behind_its_back,
    score,
    text_of,
)

ROOT = Path(__file__).resolve().parents[2]
REWARD, DAYS, ENTRY, EXIT = Decimal(90), 60, Decimal(70), Decimal(75)
TABLES = "notice, delivery, score, discipline, employee, evaluation, outbox, link"
SUPERIORS = (None, UUID(int=1), UUID(int=2))

# The allowed next states; a notice may also keep its state. No other state may follow.
AFTER = {
    "draft": {"released", "delivered", "acknowledged", "withheld", "expired", "withdrawn"},
    "released": {"delivered", "acknowledged", "withdrawn"},
    "delivered": {"acknowledged", "withdrawn"},
    "acknowledged": {"withdrawn"},
}
SCORES = st.tuples(
    st.sampled_from(["93.50", "90.00", "91.25", "89.99", None]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([80, 80, 60, 59]),
    st.sampled_from(["60.00", "69.99", "70.00", "75.00", "75.01", "80.00", None]),
)
PEOPLE = st.tuples(st.sampled_from(["Nama Satu", "Nama Dua"]), st.sampled_from(SUPERIORS))
REVISIONS = 6
YEAR_END = datetime(2026, 12, 31, 17, tzinfo=UTC)
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


@dataclass
class World:
    """The service, and what the highest received revisions of its records say."""

    service: Running
    clock: FakeClock
    mails: Mails
    contents: dict[str, list[Any]]
    officer: UUID = field(default_factory=uuid4)
    newest: dict[str, int] = field(default_factory=dict)
    repaired: str | None = None
    """A score that was changed directly in the database: letters may be outdated until somebody looks."""
    seen: Counter[str] = field(default_factory=Counter)
    states: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)

    async def do(self, what: str, number: int) -> None:
        app = self.service.app
        if what in ("score", "absences", "employee"):
            await self._hear(what, number)
        elif what == "weeks":
            for _ in range(number):
                self.clock.advance(WEEK)
                await app.part(Evaluation).round()
            self.repaired = None if "score" not in self.newest else self.repaired
        elif what == "send":
            await self._send()
        elif what == "age":
            self.clock.advance(timedelta(days=8))
            await app.part(Ageing).round()
        elif what == "repair":
            if "score" in self.newest:
                self.repaired = f"{number // 100}.{number % 100:02d}"
                await behind_its_back(self.service, "score", score=self.repaired)
        else:
            await self._decide(what, number)

    async def _hear(self, what: str, revision: int) -> None:
        content = self.contents[what][revision - 1]
        if what == "score":
            value, complete, unexcused, days, quality = content
            record = score(
                value, revision, quality, days, employee_id=str(self.officer), complete=complete,
                unexcused_days=unexcused,
            )  # fmt: skip
        elif what == "absences":
            record = absences(content, revision, self.officer)
        else:
            name, superior = content
            person = employee(
                self.officer, revision, name=name, superior_id=str(superior) if superior else None,
                email="officer@example.go.id",
            )  # fmt: skip
            record = incoming(EMPLOYEE, person)
        assert await apply(self.service, [record, record]) == 0
        if revision > self.newest.get(what, 0):
            self.newest[what] = revision
            if what == "score":
                self.repaired = None

    async def _decide(self, what: str, number: int) -> None:
        wanted = ("released", "delivered") if what == "acknowledge" else ("draft",)
        found = [row for row in await self.rows() if row["state"] in wanted]
        if not found:
            return
        row = found[number % len(found)]
        path = f"/notices/v1/notices/{row['notice_id']}/{what}"
        body = {"reason_code": "LATER"} if what == "withhold" else None
        answer = await self.service.http.post(path, json=body)
        if what != "release":
            assert answer.status_code == 200, answer.text
            return
        after = next(one for one in await self.rows() if one["notice_id"] == row["notice_id"])
        self.seen[f"{row['kind']} {'released' if answer.status_code == 200 else 'refused, ' + after['state']}"] += 1
        if answer.status_code == 200:
            assert after["state"] == "released"
            assert self.holds(after), (after["kind"], after["evidence"], self.newest, self.repaired)
        else:
            assert answer.status_code == 409
            assert after["state"] in ("draft", "withdrawn")
            assert answer.json()["errors"] or after["state"] == "withdrawn"
            assert after["state"] == "withdrawn" or self.holds(after)  # rewritten: a person must release it again

    async def _send(self) -> None:
        before, told = len(self.mails.kept), set(self.withdrawn)
        while await self.service.app.part(Sender).round():
            pass
        rows = {str(row["notice_id"]): row for row in await self.rows()}
        for mail in self.mails.kept[before:]:
            identifier = mail["Message-ID"].strip("<>").partition("@")[0]
            notice = rows[identifier.removesuffix(".withdrawn")]
            self.seen[f"{notice['kind']} {'corrected' if identifier.endswith('.withdrawn') else 'mailed'}"] += 1
            if identifier.endswith(".withdrawn"):
                assert notice["state"] == "withdrawn"
                continue
            assert str(notice["notice_id"]) not in told, "a letter went out after it was withdrawn"
            assert notice["state"] == "delivered"
            words, body = (" ".join(one.split()) for one in (text_of(mail), notice["body"]))
            assert words.startswith(body)
            assert self.grounded(notice), (notice["kind"], notice["evidence"], self.newest, self.repaired)

    def score(self) -> tuple[Any, ...]:
        value, *rest = self.contents["score"][self.newest["score"] - 1]
        return (self.repaired or value, *rest)

    def steps(self) -> list[str]:
        days = self.contents["absences"][self.newest["absences"] - 1]
        return [step for step, limit in zip(STEPS, LIMITS, strict=True) if days >= limit]

    def grounded(self, row: Any) -> bool:
        """Whether the records give a reason for it."""
        told = json.loads(row["evidence"])
        if row["kind"].startswith("discipline"):
            return told["step"] in self.steps()
        value, complete, unexcused, days, quality = self.score()
        if row["kind"] == "reward":
            return bool(complete and value and Decimal(value) >= REWARD and unexcused == 0 and days >= DAYS)
        limit = {"coaching": EXIT, "nudge": ENTRY}[row["kind"]]
        subject = value if complete else None
        found = quality if row["indicator"] == "work_quality" else subject
        if row["indicator"] not in ("work_quality", ""):
            return True  # the other indicators do not change here
        limits = {"": {"coaching": Decimal(70), "nudge": Decimal(65)}}.get(row["indicator"], {row["kind"]: limit})
        return found is not None and (
            Decimal(found) <= limits[row["kind"]] if row["kind"] == "coaching" else Decimal(found) < limits["nudge"]
        )

    def holds(self, row: Any) -> bool:
        """Whether the letter states what the records say, and there is a reason for it."""
        told = json.loads(row["evidence"])
        value, _, unexcused, days, quality = self.score()
        expected = {"reward": value, "": value, "work_quality": quality}
        subject = "reward" if row["kind"] == "reward" else row["indicator"]
        same = told["value"] == expected[subject] and str(told["value"]).replace(".", ",") in row["body"]
        if row["kind"] == "reward":
            same = same and (told["unexcused_days"], told["final_days"]) == (unexcused, days)
        name = self.contents["employee"][self.newest["employee"] - 1][0] if "employee" in self.newest else None
        return same and told["officer"]["name"] == name and self.grounded(row)

    async def rows(self) -> list[Any]:
        async with self.service.context.database.transaction() as session:
            return list((await session.execute(text("select * from notice order by notice_id"))).mappings())

    async def check(self) -> None:
        """What is true at every moment."""
        rows = await self.rows()
        standing = [row for row in rows if row["state"] != "withdrawn"]
        names = [(row["kind"], row["indicator"], row["period"]) for row in standing]
        assert len(names) == len(set(names))
        for row in rows:
            identifier, state = str(row["notice_id"]), row["state"]
            before = self.states.get(identifier)
            assert before in (None, state) or state in AFTER.get(before or "", ()), (row["kind"], before, state)
            self.states[identifier] = state
            if state == "withdrawn" and identifier not in self.withdrawn:
                self.withdrawn.add(identifier)
                self.seen[f"{row['kind']} withdrawn from {before}"] += 1
            if state == "draft" and self.repaired is None:
                assert self.holds(row), (row["kind"], row["evidence"], self.newest)
            if row["kind"].startswith("discipline") and state != "withdrawn":
                assert self.grounded(row)
        running = self.clock.now() < YEAR_END  # late records of a past year notify nobody
        if running and "employee" in self.newest and "absences" in self.newest and self.steps():
            told = {row["kind"] for row in standing if row["period"] == f"2026/{self.steps()[-1]}"}
            superior = self.contents["employee"][self.newest["employee"] - 1][1]
            assert "discipline_information" in told
            assert superior is None or "discipline_alert" in told

    async def check_published(self) -> None:
        """Each notice's revisions are published in order, and the last one has its current state."""
        query = text("select value from outbox where topic = 'asn.notice.v1' order by id")
        async with self.service.context.database.transaction() as session:
            published = [json.loads(bytes(value)) for value in (await session.execute(query)).scalars()]
        for row in await self.rows():
            own = [record for record in published if record["notice_id"] == str(row["notice_id"])]
            assert [record["revision"] for record in own] == list(range(1, row["revision"] + 1))
            assert own[-1]["state"] == row["state"]


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


def test_no_letter_is_untrue_when_it_goes_out(embedded_postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    rules = yaml.safe_load((ROOT / "rules/notices/default.yaml").read_text())
    rules["reward"]["evaluations"] = 2
    file = tmp_path / "notices.yaml"
    file.write_text(yaml.safe_dump(rules))
    mails, clock = Mails(), FakeClock(NOW)
    controller = Controller(mails, hostname="127.0.0.1", port=free_port())
    controller.start()
    with asyncio.Runner() as runner:
        running = running_service(
            "notifications", embedded_postgres, clock=clock, smtp_port=controller.port,
            notice_rules_file=file, **MAIL_SETTINGS,
        )  # fmt: skip
        service = runner.run(running.__aenter__())

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

        try:
            for words in KNOWN_COURSES:
                runner.run(play(service, clock, mails, KNOWN, _steps(words), seen))
            assert not [what for what in HAPPENS if not seen[what]], seen
            check()
        finally:
            runner.run(running.__aexit__(None, None, None))
            controller.stop()
