"""What the notification service does with the records that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
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
    insert into score as s (employee_id, semester, revision, record) values (:employee, :semester, :revision, :record)
    on conflict (employee_id, semester) do update set revision = excluded.revision, record = excluded.record
    where s.revision < excluded.revision
    returning 1
    """
)
_DISCIPLINE = text(
    """
    insert into discipline as d (employee_id, year, revision, record) values (:employee, :year, :revision, :record)
    on conflict (employee_id, year) do update set revision = excluded.revision, record = excluded.record
    where d.revision < excluded.revision
    returning 1
    """
)


class RecordHandler:
    """Keeps the highest revision of everything; only a record that is new here may lead to a notice."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts

    async def __call__(self, session: AsyncSession, records: Sequence[Incoming]) -> Sequence[Parked]:
        parked: list[Parked] = []
        scores: dict[tuple[str, str], ScoreRecord] = {}
        years: dict[tuple[str, int], DisciplineRecord] = {}
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
                    key = (str(found.employee_id), found.semester)
                    if key not in scores or scores[key].revision < found.revision:
                        scores[key] = found
                else:
                    of = (str(found.employee_id), found.year)
                    if of not in years or years[of].revision < found.revision:
                        years[of] = found
            except UnreadableRecordError as error:
                parked.append(Parked(record, error.reason, str(error)))
        for _, score in sorted(scores.items()):
            values = {
                "employee": score.employee_id,
                "semester": score.semester,
                "revision": score.revision,
                "record": score.model_dump_json(),
            }
            if (await session.execute(_SCORE, values)).first() is not None:
                await self._drafts.after_score(session, score)
        for _, year in sorted(years.items()):
            values = {
                "employee": year.employee_id,
                "year": year.year,
                "revision": year.revision,
                "record": year.model_dump_json(),
            }
            if (await session.execute(_DISCIPLINE, values)).first() is not None:
                await self._drafts.after_discipline(session, year)
        return parked

    async def _catch_up(self, session: AsyncSession, employee_id: UUID) -> None:
        """Topics keep no order among each other: an alert that came before its officer is made now."""
        for record in (await session.execute(_YEARS, {"id": employee_id})).scalars().all():
            await self._drafts.after_discipline(session, DisciplineRecord.model_validate_json(record))
