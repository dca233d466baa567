"""Two simultaneous starts migrate one after the other, a migration does not wait for ever for another transaction, and
data from before a migration is still there after it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from embedded.postgres import EmbeddedPostgres
from shared.contracts.events.feedback import FeedbackRecord
from shared.db.migrations import ADVISORY_LOCK, config_for, upgrade
from tests.fixtures.postgres import fresh_database

pytestmark = pytest.mark.embedded

WAIT_SECONDS = 60
PARK = text(
    "insert into parked_record (topic, partition, position, key, value, headers, reason, detail, parked_at, released_at)"
    " values ('t', 0, 1, '\\x00', '\\xff7b', '[]', 'NOT_JSON', '', now(), null),"
    " ('t', 0, 2, null, null, '[]', 'NO_VALUE', '', now(), now())"
)
PARKED = text("select * from parked_record order by position")
WAITERS = text("select count(*) from pg_locks where locktype = 'advisory' and not granted and objid = :key")


async def migrate(url: str) -> Process:
    """Starts the deployment's migration step as its container does."""
    command = (sys.executable, "-m", "cli.main", "migrate", "scoring")
    return await asyncio.create_subprocess_exec(
        *command, env=os.environ | {"KINERJA_DATABASE_URL": url}, stdout=PIPE, stderr=STDOUT
    )


async def end_of(process: Process) -> tuple[int | None, str]:
    """Its exit status and output."""
    async with asyncio.timeout(WAIT_SECONDS):
        words, _ = await process.communicate()
    return process.returncode, words.decode()


async def until_waiting(connection: AsyncConnection, count: int) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while (await connection.execute(WAITERS, {"key": ADVISORY_LOCK})).scalar_one() < count:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.1)


async def test_migrations_of_two_starts_run_one_after_the_other(embedded_postgres: EmbeddedPostgres) -> None:
    url = await fresh_database(embedded_postgres)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as third:  # holds both back, so that they really run concurrently
        await third.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        both = [await migrate(url), await migrate(url)]
        await until_waiting(third, len(both))
        assert (await third.execute(text("select to_regclass('day_fact')"))).scalar_one() is None
        await third.rollback()
        assert [await end_of(one) for one in both] == [(0, "scoring: schema is up to date\n")] * 2
        assert (await third.execute(text("select version_num from alembic_version"))).scalars().all()
    await engine.dispose()


async def test_a_migration_gives_up_behind_a_long_transaction_and_changes_nothing(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    url = await fresh_database(embedded_postgres)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as other:
        await other.execute(
            text("create table day_fact (id int)")
        )  # not committed: the first migration creates a table of this name
        begun = time.monotonic()
        status, words = await end_of(await migrate(url))
        assert (status, "lock timeout" in words) == (1, True), words
        assert time.monotonic() - begun < WAIT_SECONDS / 2
        await other.rollback()
        tables = text("select count(*) from pg_tables where schemaname = 'public'")
        assert (await other.execute(tables)).scalar_one() == 0
        assert await end_of(await migrate(url)) == (0, "scoring: schema is up to date\n")
    await engine.dispose()


@pytest.mark.parametrize("service", ["feedback", "scoring", "notifications"])
async def test_records_parked_before_dismissal_was_known_are_kept_and_wait(
    service: str, embedded_postgres: EmbeddedPostgres
) -> None:
    url = await fresh_database(embedded_postgres)
    await asyncio.to_thread(command.upgrade, config_for(service, url), "0001")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(PARK)
        before = [dict(row) for row in (await connection.execute(PARKED)).mappings()]
    await asyncio.to_thread(upgrade, service, url)
    async with engine.connect() as connection:
        after = [dict(row) for row in (await connection.execute(PARKED)).mappings()]
    await engine.dispose()
    nothing = {"dismissed_at": None, "dismissed_by": None, "dismissed_reason": None, "generation": 0}
    assert after == [row | nothing for row in before]


@pytest.mark.parametrize(
    ("service", "before"), [("attendance", "0006"), ("feedback", "0003"), ("notifications", "0002")]
)
async def test_keys_of_before_they_had_limits_end_and_write_for_no_machine(
    service: str, before: str, embedded_postgres: EmbeddedPostgres
) -> None:
    url = await fresh_database(embedded_postgres)
    await asyncio.to_thread(command.upgrade, config_for(service, url), before)
    engine = create_async_engine(url, poolclass=NullPool)
    make = text(
        "insert into api_key (id, name, scope, secret_sha256, created_at)"
        " values (gen_random_uuid(), 'old', 'punches:write', '\\x00', '2024-01-01')"
    )
    async with engine.begin() as connection:
        await connection.execute(make)
    await asyncio.to_thread(upgrade, service, url)
    async with engine.connect() as connection:
        query = text("select scopes, machines, org_unit_ids, expires_at > now() + interval '364 days' from api_key")
        assert (await connection.execute(query)).all() == [(["punches:write"], None, None, True)]
    await engine.dispose()


async def test_notices_of_before_they_could_be_withdrawn_are_told_as_released(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    url = await fresh_database(embedded_postgres)
    await asyncio.to_thread(command.upgrade, config_for("notifications", url), "0002")
    engine = create_async_engine(url, poolclass=NullPool)
    make = text(
        "insert into notice (notice_id, revision, kind, employee_id, recipient_id, indicator, period, state, reasons,"
        " evidence, subject, body, created_at, delivered_at) values (gen_random_uuid(), 1, 'reward', gen_random_uuid(),"
        " gen_random_uuid(), '', '2026-S2', :state, :reasons, '{}', '', '', '2026-08-01', :delivered)"
    )
    delivered = datetime(2026, 8, 2, tzinfo=UTC)
    async with engine.begin() as connection:
        for state, reasons, at in (
            ("draft", "[]", None),
            ("released", "[]", None),
            ("delivered", "[]", delivered),
            ("acknowledged", '["NO_EMAIL"]', delivered),
        ):
            await connection.execute(make, {"state": state, "reasons": reasons, "delivered": at})
    await asyncio.to_thread(upgrade, "notifications", url)
    async with engine.connect() as connection:
        rows = await connection.execute(text("select state, released_at, mailed_at from notice"))
        found = {row.state: (row.released_at, row.mailed_at) for row in rows}
    await engine.dispose()
    assert found == {
        "draft": (None, None),
        "released": (datetime(2026, 8, 1, tzinfo=UTC), None),
        "delivered": (delivered, delivered),
        "acknowledged": (delivered, None),
    }


def old_rating(officer: UUID, given_at: str, **changes: object) -> dict[str, object]:
    """A citizen's rating as it was published individually."""
    return {
        "feedback_id": str(uuid4()), "revision": 1, "kind": "citizen_rating", "state": "accepted", "employee_id": str(officer),
        "org_unit_id": "unit-1", "service": "KTP-el", "given_at": given_at, "recorded_at": "2026-08-04T03:15:00Z",
        "ratings": {"product": 4}, "assessment": None, "weight_class": "visit",
    } | changes  # fmt: skip


async def test_ratings_published_one_by_one_become_groups_and_their_moments_go(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    url = await fresh_database(embedded_postgres)
    await asyncio.to_thread(command.upgrade, config_for("feedback", url), "0002")
    many, few = uuid4(), uuid4()
    old = [old_rating(many, f"2026-08-0{day}T10:15:0{day}+07:00", revision=day) for day in range(1, 5)]
    old += [old_rating(many, "2026-06-30T23:59:59+07:00"), old_rating(few, "2026-08-04T10:15:00+07:00")]
    old += [old_rating(many, "2026-08-04T10:15:00+07:00", state="quarantined") for _ in range(3)]
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for record in old:
            await connection.execute(
                text(
                    "insert into feedback (feedback_id, revision, kind, state, employee_id, org_unit_id, given_at, record)"
                    " values (cast(:feedback_id as uuid), :revision, :kind, :state, cast(:employee_id as uuid), :org_unit_id,"
                    " cast(:given_at as text)::timestamptz, :record)"
                ),
                record | {"record": json.dumps(record)},
            )
        await connection.execute(
            text(
                "insert into visit (visit_id, token_sha256, org_unit_id, service, weight_class, created_at, expires_at, used_on)"
                " values (gen_random_uuid(), '1', 'u', 's', 'visit', now(), now(), current_date),"
                " (gen_random_uuid(), '2', 'u', 's', 'visit', now(), now(), null)"
            )
        )
    await asyncio.to_thread(upgrade, "feedback", url)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("select * from feedback"))).mappings().all()
        used = (await connection.execute(text("select token_hmac, used from visit order by 1"))).all()
    await engine.dispose()
    assert [tuple(row) for row in used] == [(b"1", True), (b"2", False)]
    records = [FeedbackRecord.model_validate_json(row["record"]) for row in rows]
    for row, record in zip(rows, records, strict=True):
        assert (row["revision"], row["state"], row["group_id"]) == (record.revision, record.state, record.group_id)
        assert row["given_at"] == record.given_at
        assert (record.service, record.given_at.time()) == (None, datetime.min.time())
        assert record.group_size == sum(other.group_id == record.group_id for other in records)
        assert record.revision > next(r for r in old if r["feedback_id"] == str(record.feedback_id))["revision"]  # type: ignore[operator]
    accepted = [record for record in records if record.state == "accepted"]
    # four of one officer and semester stay; singles of another semester or officer and quarantined ones are withdrawn
    assert {(r.employee_id, r.given_at.date().isoformat(), r.group_size, r.revision) for r in accepted} == {
        (many, "2026-08-04", 4, 5)
    }
    assert len(accepted) == 4


async def test_units_and_types_of_before_become_steps_and_decisions_their_history(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    """The published days are the only record of the time before the current unit."""
    url = await fresh_database(embedded_postgres)
    await asyncio.to_thread(command.upgrade, config_for("attendance", url), "0005")
    engine = create_async_engine(url, poolclass=NullPool)
    officer, excuse = "0190a5a0-0000-7000-8000-000000000001", "0190a5a0-0000-7000-8000-000000000002"
    async with engine.begin() as connection:
        for statement in (
            "insert into org_unit values ('u1', 'A'), ('u2', 'B'), ('u3', 'C')",
            f"""insert into employee (employee_id, revision, nip, name, employment_type, org_unit_id, active_from, unit_from,
                recorded_at) values ('{officer}', 1, '1', 'x', 'PNS', 'u3', '2022-04-01', '2026-08-05', now())""",
            *(
                "insert into attendance_day (employee_id, work_date, revision, state, status, org_unit_id, record,"
                f" recorded_at) values ('{officer}', '2026-08-0{day}', 1, 'final', 'off', '{unit}', '{{}}', now())"
                for day, unit in ((1, "u1"), (2, "u1"), (3, "u2"), (4, "u2"), (5, "u3"), (6, "u3"))
            ),
            f"""insert into excuse (excuse_id, employee_id, code, kind, first_date, last_date, half, state, decided_at)
                values ('{excuse}', '{officer}', 'IZIN', 'leave', '2026-08-01', '2026-08-02', 'none', 'approved', now())""",
        ):
            await connection.execute(text(statement))
    await asyncio.to_thread(upgrade, "attendance", url)
    async with engine.connect() as connection:
        units = (
            await connection.execute(text("select effective_from, org_unit_id from employee_unit order by 1"))
        ).all()
        types = (await connection.execute(text("select effective_from, employment_type from employee_type"))).all()
        decisions = (await connection.execute(text("select position, state, recorded_by from excuse_decision"))).all()
        times = (
            await connection.execute(
                text("select org_unit_id from unit_time_v1 where '2020-01-01' <= last_date order by 1")
            )
        ).scalars()
        first = (
            await connection.execute(
                text("select org_unit_id from unit_time_v1 where '2020-01-01' between first_date and last_date")
            )
        ).scalar_one()
    await engine.dispose()
    assert [(str(since), unit) for since, unit in units] == [
        ("2026-08-01", "u1"),
        ("2026-08-03", "u2"),
        ("2026-08-05", "u3"),
    ]
    assert [(str(since), kind) for since, kind in types] == [("2022-04-01", "PNS")]
    assert [tuple(row) for row in decisions] == [(1, "approved", None)]
    assert (list(times), first) == (["u1", "u2", "u3"], "u1")
