"""Consumes the records that notices need: officers, scores and discipline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.notices.upkeep import Upkeep
from shared.contracts.envelope import UnreadableRecordError, decode_record
from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from shared.contracts.events.discipline import DisciplineRecord
from shared.contracts.events.employee import EmployeeRecord
from shared.contracts.events.score import ScoreRecord
from shared.contracts.topics import DISCIPLINE, EMPLOYEE, SCORE, Topic
from shared.db.digests import KEPT
from shared.db.queries import Query, query
from shared.messaging.consuming.dead_letters import Parked
from shared.messaging.consuming.incoming import Incoming
from shared.messaging.revisions import RevisionGate

__all__ = ["TOPICS", "RecordHandler"]

_CONTRACTS: dict[str, Topic[Any]] = {topic.name: topic for topic in (EMPLOYEE, SCORE, DISCIPLINE)}
TOPICS = tuple(_CONTRACTS)

Readable = EmployeeRecord | ScoreRecord | DisciplineRecord

_GATE: RevisionGate[Readable] = RevisionGate(
    {EMPLOYEE.name: ["employee"], SCORE.name: ["score"], DISCIPLINE.name: ["discipline"]}
)

Period = TypeVar("Period", str, int)
Stored = TypeVar("Stored", ScoreRecord, DisciplineRecord)

_FIELDS = {"employee_id", "revision", *KEPT[EMPLOYEE.name, "notifications"]}
UPSERT_EMPLOYEE = text(
    """
    insert into employee as e (employee_id, revision, name, org_unit_id, org_unit_name, superior_id, email)
    values (:employee_id, :revision, :name, :org_unit_id, :org_unit_name, :superior_id, :email)
    on conflict (employee_id) do update set
        revision = excluded.revision, name = excluded.name, org_unit_id = excluded.org_unit_id,
        org_unit_name = excluded.org_unit_name, superior_id = excluded.superior_id, email = excluded.email
    where e.revision < excluded.revision
    returning 1
    """
)


class StoredScore(NamedTuple):
    """The key of a score that was stored."""

    employee_id: UUID
    semester: str


class StoredYear(NamedTuple):
    """The key of a year of absences that was stored."""

    employee_id: UUID
    year: int


UPSERT_SCORES = query(
    """
    insert into score as s (employee_id, semester, revision, record)
    select * from unnest(cast(:employees as uuid[]), cast(:periods as text[]), cast(:revisions as int4[]),
                         cast(:records as text[]))
    on conflict (employee_id, semester) do update set revision = excluded.revision, record = excluded.record
    where s.revision < excluded.revision
    returning employee_id, semester
    """,
    StoredScore,
)
UPSERT_DISCIPLINE = query(
    """
    insert into discipline as d (employee_id, year, revision, record)
    select * from unnest(cast(:employees as uuid[]), cast(:periods as int4[]), cast(:revisions as int4[]),
                         cast(:records as text[]))
    on conflict (employee_id, year) do update set revision = excluded.revision, record = excluded.record
    where d.revision < excluded.revision
    returning employee_id, year
    """,
    StoredYear,
)


class RecordHandler:
    """Stores the highest revision of each record, and updates the notices of the officers with new records."""

    def __init__(self, upkeep: Upkeep) -> None:
        self._upkeep = upkeep

    async def __call__(self, session: AsyncSession, records: Sequence[Incoming]) -> Sequence[Parked]:
        parked: list[Parked] = []
        read: list[tuple[Incoming, Readable]] = []
        for record in records:
            try:
                found: Readable = decode_record(_CONTRACTS[record.topic], record.headers, record.value)
            except UnreadableRecordError as error:
                parked.append(Parked(record, error.reason, str(error)))
                continue
            if found.employee_id != CANARY_EMPLOYEE_ID:  # the canary gets no notices
                read.append((record, found))
        used, leaps = await _GATE.sift(session, read)
        await self._apply(session, [found for _, found in used])
        return [*parked, *leaps]

    async def _apply(self, session: AsyncSession, records: Sequence[Readable]) -> None:
        employees: set[UUID] = set()
        scores: dict[tuple[UUID, str], ScoreRecord] = {}
        years: dict[tuple[UUID, int], DisciplineRecord] = {}
        for found in records:
            if isinstance(found, EmployeeRecord):
                if (await session.execute(UPSERT_EMPLOYEE, found.model_dump(include=_FIELDS))).first() is not None:
                    employees.add(found.employee_id)
            elif isinstance(found, ScoreRecord):
                key = (found.employee_id, found.semester)
                if key not in scores or scores[key].revision < found.revision:
                    scores[key] = found
            else:
                of = (found.employee_id, found.year)
                if of not in years or years[of].revision < found.revision:
                    years[of] = found
        touched = {record.employee_id for record in await _store(session, UPSERT_SCORES, scores)}
        touched |= {record.employee_id for record in await _store(session, UPSERT_DISCIPLINE, years)}
        # Kafka orders records only within a topic: an employee record may arrive after that officer's score.
        named = await self._upkeep.named_in(session, employees)
        await self._upkeep.follow(session, employees | named | touched)


async def _store(
    session: AsyncSession,
    statement: Query[StoredScore] | Query[StoredYear],
    newest: Mapping[tuple[UUID, Period], Stored],
) -> list[Stored]:
    """Stores the records with a higher revision than the stored one; returns those."""
    if not newest:
        return []
    ordered = sorted(newest.items())
    values = {
        "employees": [employee_id for (employee_id, _), _ in ordered],
        "periods": [period for (_, period), _ in ordered],
        "revisions": [record.revision for _, record in ordered],
        "records": [record.model_dump_json() for _, record in ordered],
    }
    stored: set[tuple[UUID, str | int]] = set(await statement.all(session, values))
    return [record for key, record in ordered if key in stored]
