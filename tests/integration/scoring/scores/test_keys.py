"""What a key with `scores:read` may read, and what is outside its units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID, uuid4

from embedded.postgres import EmbeddedPostgres
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from tests.fixtures.records import day, employee, incoming
from tests.fixtures.services import Running, running_service
from tests.integration.readers import receive


async def receive_days(service: Running, units: Mapping[UUID, str | None]) -> None:
    """Receives a day of each officer; an officer without a unit has no record of the roster."""
    roster = [incoming(EMPLOYEE, employee(officer, org_unit_id=unit)) for officer, unit in units.items() if unit]
    days = [incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3))) for officer in units]
    await receive(service, *roster, *days)


async def test_a_limited_key_lists_no_scores_of_other_units(embedded_postgres: EmbeddedPostgres) -> None:
    mine, other, nowhere = uuid4(), uuid4(), uuid4()
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        await receive_days(service, {mine: "unit-1", other: "unit-2", nowhere: None})
        query = {"semester": "2026-S2"}
        limited = await service.key("scores", "scores:read", org_unit_ids=["unit-1", "unit-9"])
        every = await service.key("scores", "scores:read")
        for key, officers in ((limited, {mine}), (every, {mine, other, nowhere})):
            listed = (await service.http.get("/scores/v1/employees", params=query, headers=key)).json()["items"]
            assert {item["employee_id"] for item in listed} == {str(officer) for officer in officers}
            for officer in (mine, other, nowhere):
                answer = await service.http.get(f"/scores/v1/employees/{officer}", params=query, headers=key)
                assert answer.status_code == (200 if officer in officers else 404)
            assert (await service.http.get("/scores/v1/policies", headers=key)).status_code == 200
        unknown = await service.http.get(f"/scores/v1/employees/{uuid4()}", params=query, headers=limited)
        outside = await service.http.get(f"/scores/v1/employees/{other}", params=query, headers=limited)
        assert unknown.json() == outside.json()  # the same answer: it does not reveal that the officer exists


async def test_an_officer_who_moves_is_not_in_the_former_unit_any_more(embedded_postgres: EmbeddedPostgres) -> None:
    officer, query = uuid4(), {"semester": "2026-S2"}
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        former, present = [await service.key("scores", "scores:read", org_unit_ids=[u]) for u in ("unit-1", "unit-2")]
        moved = employee(officer, 2, org_unit_id="unit-2")
        for batch in (
            [incoming(EMPLOYEE, employee(officer)), incoming(ATTENDANCE_DAY, day(officer, date(2026, 8, 3)))],
            [incoming(EMPLOYEE, moved)],
        ):
            await receive(service, *batch)
        for key, officers, status in ((former, [], 404), (present, [str(officer)], 200)):
            listed = (await service.http.get("/scores/v1/employees", params=query, headers=key)).json()["items"]
            assert [item["employee_id"] for item in listed] == officers
            answer = await service.http.get(f"/scores/v1/employees/{officer}", params=query, headers=key)
            assert answer.status_code == status


async def test_scores_are_listed_of_one_unit_and_of_one_band(embedded_postgres: EmbeddedPostgres) -> None:
    mine, other = uuid4(), uuid4()
    async with running_service("scoring", embedded_postgres) as service:
        await service.app.part(ScoreUpkeep).round()
        await receive_days(service, {mine: "unit-1", other: "unit-2"})

        async def listed(**query: str) -> list[str]:
            answer = await service.http.get("/scores/v1/employees", params={"semester": "2026-S2", **query})
            assert answer.status_code == 200, answer.text
            return [item["employee_id"] for item in answer.json()["items"]]

        band = (await service.http.get(f"/scores/v1/employees/{mine}", params={"semester": "2026-S2"})).json()["band"]
        assert await listed(org_unit_id="unit-2") == [str(other)]
        assert await listed(org_unit_id="unit-9") == []
        assert await listed(band=band, org_unit_id="unit-1") == [str(mine)]
        assert await listed(band="NO_SUCH_BAND") == []
        wrong = await service.http.get("/scores/v1/employees", params={"band": "baik"})
        assert wrong.status_code == 422
