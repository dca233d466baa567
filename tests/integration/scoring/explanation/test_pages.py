"""An officer's own page: the score, the unexcused days of the year and their consequences."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import httpx

from embedded.postgres import EmbeddedPostgres
from services.scoring.discipline.publisher import DisciplinePublisher
from services.scoring.scores.publisher import ScorePublisher
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.messaging.consuming.incoming import Incoming
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.readers import receive

WEEK = [date(2026, 8, 3), date(2026, 8, 4), date(2026, 8, 5)]


async def apply(service: Running, *records: Incoming) -> None:
    await receive(service, *records)
    await service.app.part(ScorePublisher).round()
    await service.app.part(DisciplinePublisher).round()


async def page_of(service: Running, officer: UUID) -> str:
    made = await service.http.post("/scores/v1/links", json={"employee_id": str(officer)})
    assert made.status_code == 201, made.text
    page = await service.http.get(httpx.URL(made.json()["url"]).path, params={"semester": "2026-S2"})
    assert page.status_code == 200
    assert "PermenPANRB" in page.text
    return page.text


async def test_the_page_shows_a_step_with_its_days_until_they_are_corrected(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    officer = uuid4()

    def absent(work_date: date, revision: int = 1) -> Incoming:
        return incoming(ATTENDANCE_DAY, day(officer, work_date, revision, status="absent", credited_minutes=0))

    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        await apply(service, incoming(EMPLOYEE, employee(officer)), incoming(ATTENDANCE_DAY, day(officer, WEEK[0])))
        assert "tanpa keterangan" not in await page_of(service, officer)

        await apply(service, absent(WEEK[0], 2))
        one = await page_of(service, officer)
        assert "1 hari kerja tanpa keterangan" in one
        assert "pengelola kepegawaian" in one
        assert "PP 94" not in one  # below the first step there is no examination

        await apply(service, absent(WEEK[1]), absent(WEEK[2]))
        three = await page_of(service, officer)
        for part in ("3 hari kerja tanpa keterangan", "tingkat ringan", "pasal 26", "bukan hukuman disiplin"):
            assert part in three
        assert [f"<li>{number} Agustus 2026</li>" in three for number in (3, 4, 5)] == [True] * 3

        await apply(service, incoming(ATTENDANCE_DAY, day(officer, WEEK[1], 2)))
        two = await page_of(service, officer)
        assert "2 hari kerja tanpa keterangan" in two
        assert "PP 94" not in two
        assert "<li>4 Agustus 2026</li>" not in two


async def test_the_page_explains_the_score_and_writes_numbers_as_in_indonesian(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    officer = uuid4()
    unknown = {"state": "provisional", "status": "unknown", "credited_minutes": 0, "reasons": ["NO_MACHINE"]}
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        await apply(
            service,
            incoming(EMPLOYEE, employee(officer)),
            incoming(ATTENDANCE_DAY, day(officer, WEEK[0], **unknown)),
            *(incoming(ATTENDANCE_DAY, day(officer, one)) for one in WEEK[1:]),
            incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 6), scheduled_minutes=540, credited_minutes=540)),
        )
        page = await page_of(service, officer)
    assert "tidak ada mesin presensi di unit pada waktu itu" in page
    assert "1.440 dari 1.440 menit terjadwal, 3 hari" in page
    assert "100%" in page  # the other indicators have no data yet
    assert "0,4" not in page
