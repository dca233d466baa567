"""Journal, quarantine and refused contacts are deleted on time; punches are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.punches.retention import Retention
from tests.integration.attendance.city import city, person

pytestmark = pytest.mark.embedded


async def test_what_is_older_than_its_setting_goes_and_punches_stay(embedded_postgres: EmbeddedPostgres) -> None:
    days = {"journal_days": 30, "quarantine_days": 60, "refused_days": 7}
    async with city(embedded_postgres, **days) as town:
        assert town.clock is not None
        await town.import_lines(person())
        await town.machine()
        body = b"12\t2026-08-04 07:58:03\t0\t1\nunreadable\n"
        for serial in ("M1", "UNKNOWN_MACHINE"):
            await town.http.post("/iclock/cdata", params={"SN": serial, "table": "ATTLOG"}, content=body)
        sizes = "select (select count(*) from upload), (select count(*) from quarantine),"
        sizes += " (select count(*) from refused_contact), (select count(*) from punch)"

        async def after(days: int) -> tuple[int, ...]:
            town.clock.advance(timedelta(days=days))
            while await town.service.app.part(Retention).round():
                pass
            return tuple((await town.rows(sizes))[0])

        assert await after(6) == (1, 3, 1, 1)
        kept = {item["store"]: item for item in (await town.http.get("/attendance/v1/retention")).json()}
        assert {name: item["kept_days"] for name, item in kept.items()} == {
            "journal": 30,
            "quarantine": 60,
            "refused": 7,
        }
        assert kept["journal"]["oldest_at"] == "2026-08-05T13:00:00Z"
        metrics = (await town.http.get("/attendance/metrics")).text
        assert f'kinerja_kept_oldest_seconds{{store="journal"}} {float(6 * 86_400)}' in metrics
        assert 'kinerja_kept_limit_seconds{store="journal"} 2.592e+06' in metrics
        assert await after(2) == (1, 1, 0, 1)
        assert await after(23) == (0, 1, 0, 1)
        assert await after(30) == (0, 0, 0, 1)


async def test_a_contact_that_is_heard_again_stays_with_its_lines(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres, refused_days=7, quarantine_days=10) as town:
        assert town.clock is not None
        line = b"12\t2026-08-04 07:58:03\t0\t1\n"
        for _ in range(4):
            await town.http.post("/iclock/cdata", params={"SN": "UNKNOWN_MACHINE", "table": "ATTLOG"}, content=line)
            town.clock.advance(timedelta(days=6))
            await town.service.app.part(Retention).round()
        assert len(await town.rows("select 1 from quarantine")) == 1
        # the line is older than the quarantine limit, which is no failure of the job
        kept = {item["store"]: item for item in (await town.http.get("/attendance/v1/retention")).json()}
        assert kept["quarantine"]["oldest_at"] is None
        assert (
            'kinerja_kept_oldest_seconds{store="quarantine"} 0.0' in (await town.http.get("/attendance/metrics")).text
        )
