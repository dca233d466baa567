"""Reads the current records on which notices are based."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.rules.grounds import Ground, discipline_ground, indicator_ground, reward_ground
from services.notifications.grounds.rules.rule_set import NoticeRules
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.notice import NoticeKind
from shared.contracts.events.score import ScoreRecord
from shared.db.queries import query

__all__ = ["TREND_LENGTH", "Person", "Records", "Trend", "TrendKey", "read_people", "read_records", "read_trends"]

TREND_LENGTH = 3
"""The number of evaluations that a letter shows."""


class PersonRow(NamedTuple):
    employee_id: UUID
    name: str
    org_unit_name: str
    superior_id: UUID | None
    superior_name: str | None


class ScoreRow(NamedTuple):
    employee_id: UUID
    semester: str
    record: str


class YearRow(NamedTuple):
    employee_id: UUID
    year: int
    record: str


class TrendRow(NamedTuple):
    employee_id: UUID
    semester: str
    subject: str
    value: str | None
    evaluated_at: datetime


PEOPLE = query(
    """
    select e.employee_id, e.name, e.org_unit_name, e.superior_id, s.name as superior_name
    from employee e left join employee s on s.employee_id = e.superior_id
    where e.employee_id = any(cast(:employees as uuid[]))
    """,
    PersonRow,
)
SCORES = query(
    """
    select s.employee_id, s.semester, s.record from score s
    join unnest(cast(:employees as uuid[]), cast(:semesters as text[])) as i (employee_id, semester)
      using (employee_id, semester)
    """,
    ScoreRow,
)
YEARS = query(
    "select employee_id, year, record from discipline where employee_id = any(cast(:employees as uuid[]))", YearRow
)
TRENDS = query(
    """
    select i.employee_id, i.semester, i.subject, e.value, e.evaluated_at
    from unnest(cast(:employees as uuid[]), cast(:semesters as text[]), cast(:subjects as text[]))
         as i (employee_id, semester, subject)
    cross join lateral (select id, value, evaluated_at from evaluation where employee_id = i.employee_id and semester = i.semester
                        and subject = i.subject order by id desc limit :most) as e
    order by e.id
    """,
    TrendRow,
)

Trend = list[tuple[date, Decimal | None]]
"""Dates and values of evaluations, oldest first."""
TrendKey = tuple[UUID, str, str]
"""Officer, semester, and the score or an indicator."""


class AboutOfficer(Protocol):
    """What a notice is about."""

    @property
    def employee_id(self) -> UUID: ...
    @property
    def kind(self) -> NoticeKind: ...
    @property
    def semester(self) -> str | None: ...
    @property
    def indicator(self) -> str: ...
    @property
    def facts(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Person:
    """An officer as in the roster; names are None before the first employee record."""

    name: str | None = None
    unit: str | None = None
    superior_id: UUID | None = None
    superior: str | None = None

    @property
    def facts(self) -> dict[str, str | None]:
        """The facts about the person that letters state."""
        return {"name": self.name, "unit": self.unit, "superior": self.superior}


@dataclass(frozen=True)
class Records:
    """Everything on which the notices of some officers are based."""

    people: dict[UUID, Person]
    scores: dict[tuple[UUID, str], ScoreRecord]
    years: dict[tuple[UUID, int], DisciplineRecord]
    trends: dict[TrendKey, Trend]

    def person(self, employee_id: UUID) -> Person:
        return self.people.get(employee_id, Person())

    def ground(self, notice: AboutOfficer, rules: NoticeRules) -> Ground | None:
        """The current ground of the notice, with the officer's names; None if its record is not stored here."""
        officer, semester = notice.employee_id, notice.semester or ""
        found: Ground | None = None
        if notice.kind == "discipline_alert" or notice.kind == "discipline_information":
            letter = notice.facts
            year = self.years.get((officer, letter["year"]))
            found = None if year is None else discipline_ground(letter["step"], year)
        else:
            score = self.scores.get((officer, semester))
            if score is not None and notice.kind == "reward":
                found = reward_ground(score, rules)
            elif score is not None and notice.kind != "reward":
                subject = notice.indicator or "score"
                trend = self.trends.get((officer, semester, subject), [])
                found = indicator_ground(notice.kind, subject, score, trend, rules)
        if found is None:
            return None
        return Ground({**found.facts, "officer": self.person(officer).facts}, found.gone)


async def read_people(session: AsyncSession, employees: Sequence[UUID]) -> dict[UUID, Person]:
    """These officers as in the roster."""
    return {
        row.employee_id: Person(row.name, row.org_unit_name, row.superior_id, row.superior_name)
        for row in await PEOPLE.all(session, {"employees": list(employees)})
    }


async def read_records(
    session: AsyncSession, employees: Sequence[UUID], notices: Sequence[AboutOfficer], zone: ZoneInfo
) -> Records:
    """The records of these officers that these notices need, and all their discipline records; dates are those in `zone`."""
    scored = sorted({(n.employee_id, n.semester) for n in notices if n.semester is not None})
    years = {
        (row.employee_id, row.year): DisciplineRecord.model_validate_json(row.record)
        for row in await YEARS.all(session, {"employees": list(employees)})
    }
    scores: dict[tuple[UUID, str], ScoreRecord] = {}
    if scored:
        keys = {"employees": [key[0] for key in scored], "semesters": [key[1] for key in scored]}
        for row in await SCORES.all(session, keys):
            scores[row.employee_id, row.semester] = ScoreRecord.model_validate_json(row.record)
    shown = {
        (n.employee_id, n.semester or "", n.indicator or "score") for n in notices if n.kind in ("coaching", "nudge")
    }
    trends = await read_trends(session, shown, TREND_LENGTH, zone)
    return Records(await read_people(session, employees), scores, years, trends)


async def read_trends(session: AsyncSession, keys: set[TrendKey], most: int, zone: ZoneInfo) -> dict[TrendKey, Trend]:
    """The newest evaluations of each key, at most `most`; dates are those in `zone`."""
    found: dict[TrendKey, Trend] = {}
    if keys:
        employees, semesters, subjects = (list(part) for part in zip(*keys, strict=True))
        values = {"employees": employees, "semesters": semesters, "subjects": subjects, "most": most}
        for row in await TRENDS.all(session, values):
            value = None if row.value is None else Decimal(row.value)
            found.setdefault((row.employee_id, row.semester, row.subject), []).append(
                (row.evaluated_at.astimezone(zone).date(), value)
            )
    return found
