"""Reads the current records on which notices are based."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.grounds.rules.grounds import Ground, discipline_ground, indicator_ground, reward_ground
from services.notifications.grounds.rules.rule_set import NoticeRules
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.score import ScoreRecord

__all__ = ["TREND_LENGTH", "Person", "Records", "read_records"]

TREND_LENGTH = 3
"""The number of evaluations that a letter shows."""

_PEOPLE = text(
    """
    select e.employee_id, e.name, e.org_unit_name, e.superior_id, s.name as superior_name
    from employee e left join employee s on s.employee_id = e.superior_id
    where e.employee_id = any(cast(:employees as uuid[]))
    """
)
_SCORES = text(
    """
    select s.employee_id, s.semester, s.record from score s
    join unnest(cast(:employees as uuid[]), cast(:semesters as text[])) as i (employee_id, semester)
      using (employee_id, semester)
    """
)
_YEARS = text("select employee_id, year, record from discipline where employee_id = any(cast(:employees as uuid[]))")
_TRENDS = text(
    """
    select i.employee_id, i.semester, i.subject, e.value, e.evaluated_at
    from unnest(cast(:employees as uuid[]), cast(:semesters as text[]), cast(:subjects as text[]))
         as i (employee_id, semester, subject)
    cross join lateral (select id, value, evaluated_at from evaluation where employee_id = i.employee_id and semester = i.semester
                        and subject = i.subject order by id desc limit :most) as e
    order by e.id
    """
)


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
    trends: dict[tuple[UUID, str, str], list[tuple[date, Decimal | None]]]

    def person(self, employee_id: UUID) -> Person:
        return self.people.get(employee_id, Person())

    def ground(self, notice: RowMapping, rules: NoticeRules) -> Ground | None:
        """The current ground of the notice, with the officer's names; None if its record is not stored here."""
        officer, kind = notice["employee_id"], notice["kind"]
        found: Ground | None = None
        if kind in ("discipline_alert", "discipline_information"):
            told = json.loads(notice["evidence"])
            year = self.years.get((officer, told["year"]))
            found = None if year is None else discipline_ground(told["step"], year)
        else:
            score = self.scores.get((officer, notice["semester"]))
            if score is not None and kind == "reward":
                found = reward_ground(score, rules)
            elif score is not None:
                subject = notice["indicator"] or "score"
                trend = self.trends.get((officer, notice["semester"], subject), [])
                found = indicator_ground(kind, subject, score, trend, rules)
        if found is None:
            return None
        return Ground({**found.facts, "officer": self.person(officer).facts}, found.gone)


async def read_records(
    session: AsyncSession, employees: Sequence[UUID], notices: Sequence[RowMapping], zone: ZoneInfo
) -> Records:
    """The records of these officers that these notices need, and all their discipline records; dates are those in `zone`."""
    scored = sorted({(n["employee_id"], n["semester"]) for n in notices if n["semester"] is not None})
    judged = sorted(
        {
            (n["employee_id"], n["semester"], n["indicator"] or "score")
            for n in notices
            if n["kind"] in ("coaching", "nudge")
        }
    )
    of = {"employees": list(employees)}
    people = {
        row.employee_id: Person(row.name, row.org_unit_name, row.superior_id, row.superior_name)
        for row in await session.execute(_PEOPLE, of)
    }
    years = {
        (row.employee_id, row.year): DisciplineRecord.model_validate_json(row.record)
        for row in await session.execute(_YEARS, of)
    }
    scores: dict[tuple[UUID, str], ScoreRecord] = {}
    if scored:
        keys = {"employees": [key[0] for key in scored], "semesters": [key[1] for key in scored]}
        for row in await session.execute(_SCORES, keys):
            scores[row.employee_id, row.semester] = ScoreRecord.model_validate_json(row.record)
    return Records(people, scores, years, await _trends(session, judged, TREND_LENGTH, zone))


async def _trends(
    session: AsyncSession, keys: Sequence[tuple[Any, str, str]], most: int, zone: ZoneInfo
) -> dict[tuple[UUID, str, str], list[tuple[date, Decimal | None]]]:
    found: dict[tuple[UUID, str, str], list[tuple[date, Decimal | None]]] = {}
    if keys:
        values = {
            "employees": [key[0] for key in keys],
            "semesters": [key[1] for key in keys],
            "subjects": [key[2] for key in keys],
            "most": most,
        }
        for row in await session.execute(_TRENDS, values):
            value = None if row.value is None else Decimal(row.value)
            found.setdefault((row.employee_id, row.semester, row.subject), []).append(
                (row.evaluated_at.astimezone(zone).date(), value)
            )
    return found
