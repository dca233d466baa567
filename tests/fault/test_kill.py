"""kill -9 of the scoring process at random moments: every accepted record takes effect once, and all offsets are committed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.scoring.facts.verify import verify
from services.scoring.policy.policies import PolicyBook
from shared.contracts.events.score import ScoreRecord
from shared.contracts.topics import SCORE
from shared.db.database import Database
from shared.db.migrations import upgrade
from shared.kafka_admin.provision import provision, read_topics
from tests.fixtures.records import day, rating
from tests.fixtures.services import LINK_KEY, OPERATOR_KEY
from tests.fixtures.stores.backends import Kafka, Postgres, kafka_settings
from tests.fixtures.stores.postgres import fresh_database

pytestmark = [pytest.mark.fault, pytest.mark.timeout(1500)]

RECORDS_PER_KILL = 1_000
KILLS = {"embedded": "20", "containers": "6"}  # Apache Kafka waits for the dead member's session each time
OFFICERS = [UUID(int=number, version=4) for number in range(1, 201)]
DAYS, RATINGS = "asn.attendance-day.v1", "asn.feedback.v1"
_UNPUBLISHED = "select exists (select from semester_total where changed) or exists (select from outbox)"


@dataclass
class Storm:
    """One run: a database, a broker, and a process that the test starts and kills again and again."""

    url: str
    broker: Kafka
    offsets_first: bool
    chance: random.Random
    process: subprocess.Popen[bytes] | None = None
    highest: dict[tuple[str, str], int] = field(default_factory=dict)
    """(officer, date) → the highest revision that was sent."""
    ratings: set[str] = field(default_factory=set)
    sent: dict[TopicPartition, int] = field(default_factory=dict)
    """The end of each partition's log, from the broker's acknowledgements."""

    def start(self) -> None:
        environment = os.environ | {
            "KINERJA_DATABASE_URL": self.url,
            "KINERJA_OPERATOR_KEY": OPERATOR_KEY,
            "KINERJA_LINK_KEY": LINK_KEY,
            "KINERJA_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "KINERJA_KAFKA_IDEMPOTENT_PRODUCER": str(kafka_settings(self.broker)["kafka_idempotent_producer"]),
            "KINERJA_KAFKA_FETCH_MAX_WAIT_MS": "10",
            "KINERJA_KAFKA_SESSION_TIMEOUT_MS": "6000",
            "KINERJA_KAFKA_HEARTBEAT_MS": "300",
            "KINERJA_BATCH_RECORDS_MAX": "100",
            "OFFSETS_FIRST": "1" if self.offsets_first else "0",
        }
        root = Path(__file__).resolve().parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.scoring_process"], env=environment, cwd=root
        )

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def draw(self) -> tuple[str, str, bytes]:
        """A record in the contract's shape: a day at a new revision, sometimes a copy of an old one, or a rating."""
        officer = self.chance.choice(OFFICERS)
        if self.chance.random() < 0.2:
            record = rating(officer, self.chance.randint(1, 4))
            self.ratings.add(record["feedback_id"])
            return RATINGS, str(officer), orjson.dumps(record)
        work_date = date(2026, 7, 1) + timedelta(days=self.chance.randrange(100))
        key = (str(officer), work_date.isoformat())
        known = self.highest.get(key, 0)
        revision = known if known and self.chance.random() < 0.1 else known + 1
        self.highest[key] = max(known, revision)
        late = (revision * 37) % 300
        return DAYS, str(officer), orjson.dumps(day(officer, work_date, revision, credited_minutes=450 - late))


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await condition():
            return True
        await asyncio.sleep(0.005)
    return False


async def _run(storm: Storm, kills: int) -> None:
    await provision(storm.broker.bootstrap_servers, read_topics())
    producer = AIOKafkaProducer(bootstrap_servers=storm.broker.bootstrap_servers, linger_ms=5)
    await producer.start()
    database = await asyncpg.connect(storm.url.replace("+asyncpg", ""))

    async def facts() -> int:
        return int(
            await database.fetchval("select (select count(*) from day_fact) + (select count(*) from feedback_fact)")
        )

    async def published() -> bool:
        return not await database.fetchval(_UNPUBLISHED)

    storm.start()
    try:
        for _ in range(kills):
            before = await facts()
            pending = [
                await producer.send(topic, value, key=key.encode())
                for topic, key, value in (storm.draw() for _ in range(RECORDS_PER_KILL))
            ]
            for sent in await asyncio.gather(*pending):
                storm.sent[TopicPartition(sent.topic, sent.partition)] = sent.offset + 1

            async def moved(before: int = before) -> bool:
                return await facts() > before

            assert await _until(moved, 60), "the process does not consume"
            await asyncio.sleep(storm.chance.uniform(0, 0.15))
            storm.kill()
            storm.start()
        deadline = time.monotonic() + 240
        while lag := await _lag(storm):
            assert time.monotonic() < deadline, f"{lag} records are still not behind the committed offsets"
            await asyncio.sleep(0.5)
        assert await _until(published, 90), "changed totals are not published"
    finally:
        storm.kill()
        await producer.stop()
        await database.close()


async def _lag(storm: Storm) -> int:
    """Records after the group's committed offsets."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=storm.broker.bootstrap_servers, group_id="kinerja-scoring", enable_auto_commit=False
    )
    await consumer.start()
    try:
        return sum([end - (await consumer.committed(tp) or 0) for tp, end in storm.sent.items()])
    finally:
        await consumer.stop()


async def _stored(url: str) -> tuple[dict[tuple[str, str], int], set[str]]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        days = await connection.fetch("select employee_id, work_date, revision from day_fact")
        ratings = await connection.fetch("select feedback_id from feedback_fact")
    finally:
        await connection.close()
    return (
        {(str(row["employee_id"]), row["work_date"].isoformat()): row["revision"] for row in days},
        {str(row["feedback_id"]) for row in ratings},
    )


async def _revisions_due(url: str) -> dict[bytes, int]:
    """The last revision in the database, per key of the score topic."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch("select record, revision from published_score")
    finally:
        await connection.close()
    scores = [(ScoreRecord.model_validate_json(row["record"]), row["revision"]) for row in rows]
    return {SCORE.key_of(score).encode(): revision for score, revision in scores}


async def _score_revisions(bootstrap: str, due: dict[bytes, int]) -> dict[bytes, list[int]]:
    """Revisions per key in the order in which they were first seen, until each is there or a minute has passed."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        partitions = [TopicPartition(SCORE.name, number) for number in range(12)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        seen: dict[bytes, list[int]] = {}
        # The embedded broker's ListOffsets returns the start of the last batch, so `due` decides when to stop.
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and any(due[key] not in seen.get(key, []) for key in due):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    revision = orjson.loads(record.value)["revision"]
                    order = seen.setdefault(record.key, [])
                    if revision not in order:
                        order.append(revision)
        return seen
    finally:
        await consumer.stop()


async def _storm(server: Postgres, broker: Kafka, *, offsets_first: bool, kills: int, seed: str) -> Storm:
    url = await fresh_database(server)
    await asyncio.to_thread(upgrade, "scoring", url)
    storm = Storm(url, broker, offsets_first, random.Random(seed))
    await _run(storm, kills)
    return storm


async def test_no_record_is_lost_or_counted_twice(backend: str, postgres: Postgres, own_kafka: Kafka) -> None:
    kills = int(os.environ.get("KILLS", KILLS[backend]))
    storm = await _storm(postgres, own_kafka, offsets_first=False, kills=kills, seed="kill-1")
    days, ratings = await _stored(storm.url)
    assert days == storm.highest
    assert ratings == storm.ratings
    database: Any = Database(storm.url)
    try:
        async with database.snapshot() as session:
            found = await verify(session, PolicyBook())
    finally:
        await database.close()
    assert found.differences == []
    due = await _revisions_due(storm.url)
    assert len(due) == len(OFFICERS)
    assert await _score_revisions(own_kafka.bootstrap_servers, due) == {
        key: list(range(1, last + 1)) for key, last in due.items()
    }


async def test_offsets_before_the_database_lose_records(postgres: Postgres, own_kafka: Kafka) -> None:
    storm = await _storm(postgres, own_kafka, offsets_first=True, kills=4, seed="kill-2")
    days, ratings = await _stored(storm.url)
    assert (days, ratings) != (storm.highest, storm.ratings)
