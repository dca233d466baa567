"""A notification service, and what the highest received revisions of its records say about its notices."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from services.notifications.delivery.sender import Sender
from services.notifications.evaluations.evaluation import Evaluation
from services.notifications.notices.ageing import Ageing
from shared.base.clock import FakeClock
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import Running
from tests.integration.notifications.desk import WEEK, apply, behind_its_back
from tests.integration.notifications.mails import Mails, text_of
from tests.integration.notifications.notice_records import LIMITS, STEPS, absences, score

__all__ = ["World"]

REWARD, DAYS, ENTRY, EXIT = Decimal(90), 60, Decimal(70), Decimal(75)
YEAR_END = datetime(2026, 12, 31, 17, tzinfo=UTC)
# The allowed next states; a notice may also keep its state. No other state may follow.
AFTER = {
    "draft": {"released", "delivered", "acknowledged", "withheld", "expired", "withdrawn"},
    "released": {"delivered", "acknowledged", "withdrawn"},
    "delivered": {"acknowledged", "withdrawn"},
    "acknowledged": {"withdrawn"},
}


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
            await self._receive(what, number)
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

    async def _receive(self, what: str, revision: int) -> None:
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
            assert self.is_true(after), (after["kind"], after["evidence"], self.newest, self.repaired)
        else:
            assert answer.status_code == 409
            assert after["state"] in ("draft", "withdrawn")
            assert answer.json()["errors"] or after["state"] == "withdrawn"
            assert after["state"] == "withdrawn" or self.is_true(after)  # rewritten: a person must release it again

    async def _send(self) -> None:
        before, withdrawn = len(self.mails.kept), set(self.withdrawn)
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
            assert str(notice["notice_id"]) not in withdrawn, "a letter went out after it was withdrawn"
            assert notice["state"] == "delivered"
            letter, body = (" ".join(one.split()) for one in (text_of(mail), notice["body"]))
            assert letter.startswith(body)
            assert self.is_justified(notice), (notice["kind"], notice["evidence"], self.newest, self.repaired)

    def score(self) -> tuple[Any, ...]:
        value, *rest = self.contents["score"][self.newest["score"] - 1]
        return (self.repaired or value, *rest)

    def steps(self) -> list[str]:
        days = self.contents["absences"][self.newest["absences"] - 1]
        return [step for step, limit in zip(STEPS, LIMITS, strict=True) if days >= limit]

    def is_justified(self, row: Any) -> bool:
        """Whether the records give a reason for it."""
        facts = json.loads(row["evidence"])
        if row["kind"].startswith("discipline"):
            return facts["step"] in self.steps()
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

    def is_true(self, row: Any) -> bool:
        """Whether the letter states what the records say, and there is a reason for it."""
        facts = json.loads(row["evidence"])
        value, _, unexcused, days, quality = self.score()
        expected = {"reward": value, "": value, "work_quality": quality}
        subject = "reward" if row["kind"] == "reward" else row["indicator"]
        same = facts["value"] == expected[subject] and str(facts["value"]).replace(".", ",") in row["body"]
        if row["kind"] == "reward":
            same = same and (facts["unexcused_days"], facts["final_days"]) == (unexcused, days)
        name = self.contents["employee"][self.newest["employee"] - 1][0] if "employee" in self.newest else None
        return same and facts["officer"]["name"] == name and self.is_justified(row)

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
                assert self.is_true(row), (row["kind"], row["evidence"], self.newest)
            if row["kind"].startswith("discipline") and state != "withdrawn":
                assert self.is_justified(row)
        running = self.clock.now() < YEAR_END  # late records of a past year notify nobody
        if running and "employee" in self.newest and "absences" in self.newest and self.steps():
            notified = {row["kind"] for row in standing if row["period"] == f"2026/{self.steps()[-1]}"}
            superior = self.contents["employee"][self.newest["employee"] - 1][1]
            assert "discipline_information" in notified
            assert superior is None or "discipline_alert" in notified

    async def check_published(self) -> None:
        """Each notice's revisions are published in order, and the last one has its current state."""
        query = text("select value from outbox where topic = 'asn.notice.v1' order by id")
        async with self.service.context.database.transaction() as session:
            published = [json.loads(bytes(value)) for value in (await session.execute(query)).scalars()]
        for row in await self.rows():
            own = [record for record in published if record["notice_id"] == str(row["notice_id"])]
            assert [record["revision"] for record in own] == list(range(1, row["revision"] + 1))
            assert own[-1]["state"] == row["state"]
