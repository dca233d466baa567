"""What the notification service does with the records that it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.notifications.drafts import Drafts
from shared.contracts.canary import CANARY_EMPLOYEE_ID
from shared.contracts.discipline import DisciplineRecord
from shared.contracts.employee import EmployeeRecord
from shared.contracts.envelope import UnreadableRecordError, decode_record
from shared.contracts.score import ScoreRecord
from shared.contracts.topics import DISCIPLINE, EMPLOYEE, SCORE, Topic
from shared.dead_letters import Incoming, Parked

__all__ = ["TOPICS", "RecordHandler"]

_CONTRACTS: dict[str, Topic[Any]] = {topic.name: topic for topic in (EMPLOYEE, SCORE, DISCIPLINE)}
TOPICS = tuple(_CONTRACTS)

Period = TypeVar("Period", str, int)
Kept = TypeVar("Kept", ScoreRecord, DisciplineRecord)

_EMPLOYEE = text(
    """
    insert into employee as e (employee_id, revision, name, org_unit_name, superior_id, email)
    values (:employee_id, :revision, :name, :org_unit_name, :superior_id, :email)
    on conflict (employee_id) do update set
        revision = excluded.revision, name = excluded.name, org_unit_name = excluded.org_unit_name,
        superior_id = excluded.superior_id, email = excluded.email
    where e.revision < excluded.revision
    returning 1
    """
)
_YEARS = text("select record from discipline where employee_id = :id")
_SCORE = text(
    """
    insert into score as s (employee_id, semester, revision, record)
    select * from unnest(cast(:employees as uuid[]), cast(:periods as text[]), cast(:revisions as int4[]),
                         cast(:records as text[]))
    on conflict (employee_id, semester) do update set revision = excluded.revision, record = excluded.record
    where s.revision < excluded.revision
    returning employee_id, semester
    """
)
_DISCIPLINE = text(
    """
    insert into discipline as d (employee_id, year, revision, record)
    select * from unnest(cast(:employees as uuid[]), cast(:periods as int4[]), cast(:revisions as int4[]),
                         cast(:records as text[]))
    on conflict (employee_id, year) do update set revision = excluded.revision, record = excluded.record
    where d.revision < excluded.revision
    returning employee_id, year
    """
)


class RecordHandler:
    """Keeps the highest revision of everything; only a record that is new here may lead to a notice."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts

    async def __call__(self, session: AsyncSession, records: Sequence[Incoming]) -> Sequence[Parked]:
        parked: list[Parked] = []
        scores: dict[tuple[UUID, str], ScoreRecord] = {}
        years: dict[tuple[UUID, int], DisciplineRecord] = {}
        for record in records:
            try:
                found: EmployeeRecord | ScoreRecord | DisciplineRecord = decode_record(
                    _CONTRACTS[record.topic], record.headers, record.value
                )
                if found.employee_id == CANARY_EMPLOYEE_ID:
                    continue  # no notice to nobody
                if isinstance(found, EmployeeRecord):
                    if (await session.execute(_EMPLOYEE, found.model_dump())).first() is not None:
                        await self._catch_up(session, found.employee_id)
                elif isinstance(found, ScoreRecord):
                    key = (found.employee_id, found.semester)
                    if key not in scores or scores[key].revision < found.revision:
                        scores[key] = found
                else:
                    of = (found.employee_id, found.year)
                    if of not in years or years[of].revision < found.revision:
                        years[of] = found
            except UnreadableRecordError as error:
                parked.append(Parked(record, error.reason, str(error)))
        for score in await _keep(session, _SCORE, scores):
            await self._drafts.after_score(session, score)
        await self._drafts.after_discipline(session, await _keep(session, _DISCIPLINE, years))
        return parked

    async def _catch_up(self, session: AsyncSession, employee_id: UUID) -> None:
        """Topics keep no order among each other: an alert that came before its officer is made now."""
        records = (await session.execute(_YEARS, {"id": employee_id})).scalars()
        await self._drafts.after_discipline(session, [DisciplineRecord.model_validate_json(one) for one in records])


async def _keep(session: AsyncSession, statement: TextClause, newest: Mapping[tuple[UUID, Period], Kept]) -> list[Kept]:
    """Keeps those of a higher revision than what is kept, and gives them."""
    if not newest:
        return []
    ordered = sorted(newest.items())
    values = {
        "employees": [employee_id for (employee_id, _), _ in ordered],
        "periods": [period for (_, period), _ in ordered],
        "revisions": [record.revision for _, record in ordered],
        "records": [record.model_dump_json() for _, record in ordered],
    }
    kept = {(row[0], row[1]) for row in await session.execute(statement, values)}
    return [record for key, record in ordered if key in kept]
