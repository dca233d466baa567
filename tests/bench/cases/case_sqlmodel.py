"""The plain way: one record, one session, the ORM reads and writes objects, then the offset is committed.

It does the same work on the same tables (fact at its highest revision, totals, score), for a smaller sample. It works
with one instance only: two owners of a partition at once would break it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time
from time import perf_counter
from typing import Any
from uuid import uuid4

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.scoring.facts.tables import DayFact, FeedbackFact
from services.scoring.policy.rules.policy import ScorePolicy, policy_from_mapping
from services.scoring.policy.rules.score import score
from services.scoring.settings import Settings
from services.scoring.totals.rules.contribution import (
    DAY_TOTALS,
    NO_TOTALS,
    TOTALS,
    Contribution,
    day_contribution,
    feedback_contribution,
    widen_day,
    widen_feedback,
)
from services.scoring.totals.tables import SemesterTotal
from shared.base.rule_documents import read_document
from shared.contracts.events.attendance_day import AttendanceDayRecord
from shared.contracts.events.feedback import FeedbackRecord
from shared.contracts.semester import Semester
from shared.contracts.topics import ATTENDANCE_DAY, FEEDBACK
from shared.settings.settings import DatabaseSettings
from tests.bench.broker import client_options


async def main(bootstrap_servers: str, database_url: str, count: int) -> None:
    policy = policy_from_mapping(read_document(Settings.model_fields["scoring_policy_file"].default.read_bytes()))
    engine = create_async_engine(DatabaseSettings(database_url=database_url).database)
    consumer = AIOKafkaConsumer(
        ATTENDANCE_DAY.name,
        FEEDBACK.name,
        group_id=f"kinerja-plain-{uuid4().hex}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=10,
        **client_options(bootstrap_servers),
    )
    await consumer.start()
    try:
        record = await consumer.getone()
        started = perf_counter()
        for number in range(count):
            if number:
                record = await consumer.getone()
            await _apply(engine, record, policy)
            await consumer.commit({TopicPartition(record.topic, record.partition): record.offset + 1})
        seconds = perf_counter() - started
    finally:
        await consumer.stop()
        await engine.dispose()
    print(orjson.dumps({"per_second": count / seconds}).decode())


async def _apply(engine: AsyncEngine, record: ConsumerRecord[Any, Any], policy: ScorePolicy) -> None:
    async with AsyncSession(engine) as session:
        if record.topic == ATTENDANCE_DAY.name:
            day = AttendanceDayRecord.model_validate_json(record.value)
            changed = await _save_day(session, day, record.value)
            employee_id, semester = day.employee_id, Semester.of(day.work_date)
        else:
            feedback = FeedbackRecord.model_validate_json(record.value)
            assert feedback.employee_id is not None
            changed = await _save_feedback(session, feedback, record.value)
            employee_id, semester = feedback.employee_id, Semester.of(feedback.given_at.date())
        if changed is not None:
            total = await session.get(SemesterTotal, (employee_id, semester.number))
            if total is None:
                values: dict[str, Any] = dict.fromkeys(TOTALS, 0)
                total = SemesterTotal(
                    employee_id=employee_id, semester=semester.number, as_of=day_end(semester), **values
                )
            for name, delta in zip(TOTALS, changed, strict=True):
                setattr(total, name, getattr(total, name) + delta)
            result = score(tuple(getattr(total, name) for name in TOTALS), policy)
            total.score = None if result.score is None else int(result.score * 100)
            total.band, total.complete = result.band, result.complete
            session.add(total)
        await session.commit()


def day_end(semester: Semester) -> Any:
    """A placeholder time for a column that this case does not maintain."""
    return datetime.combine(semester.first_day, time(), UTC)


def _difference(new: Contribution, old: Contribution) -> Contribution:
    return tuple(a - b for a, b in zip(new, old, strict=True))


async def _save_day(session: AsyncSession, day: AttendanceDayRecord, value: bytes) -> Contribution | None:
    new = day_contribution(day.state, day.status, day.scheduled_minutes, day.credited_minutes, day.excuse)
    row = await session.get(DayFact, (day.employee_id, day.work_date))
    if row is None:
        row = DayFact(
            employee_id=day.employee_id,
            work_date=day.work_date,
            semester=Semester.of(day.work_date).number,
            revision=day.revision,
            record=value,
            **dict(zip(DAY_TOTALS, new, strict=True)),
        )
        session.add(row)
        return widen_day(new)
    if row.revision >= day.revision:
        return None
    old = tuple(getattr(row, name) for name in DAY_TOTALS)
    for name, number in zip(DAY_TOTALS, new, strict=True):
        setattr(row, name, number)
    row.revision, row.record = day.revision, value
    session.add(row)
    return _difference(widen_day(new), widen_day(old))


async def _save_feedback(session: AsyncSession, record: FeedbackRecord, value: bytes) -> Contribution | None:
    assessment = record.assessment.model_dump() if record.assessment else None
    new = feedback_contribution(record.kind, record.state, record.ratings, assessment, record.weight_class)
    row = await session.get(FeedbackFact, record.feedback_id)
    if row is not None and row.revision >= record.revision:
        return None
    old = widen_feedback(tuple(row.totals)) if row is not None else NO_TOTALS
    if row is None:
        row = FeedbackFact(
            feedback_id=record.feedback_id,
            revision=record.revision,
            employee_id=record.employee_id,
            semester=Semester.of(record.given_at.date()).number,
            totals=list(new),
            record=value,
        )
    row.revision, row.totals, row.record = record.revision, list(new), value
    session.add(row)
    return _difference(widen_feedback(new), old)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
