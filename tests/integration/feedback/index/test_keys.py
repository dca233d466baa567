"""What a key with `satisfaction:read` may read."""

from __future__ import annotations

from embedded.postgres import EmbeddedPostgres
from tests.integration.feedback.office import office


async def test_a_key_cannot_read_the_index_of_other_units(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        key = await place.service.key("feedback", "satisfaction:read", org_unit_ids=["unit-1"])
        for query, status in (({"org_unit_id": "unit-1"}, 200), ({"org_unit_id": "unit-2"}, 404), ({}, 404)):
            answer = await place.http.get("/feedback/v1/satisfaction", params=query, headers=key)
            assert answer.status_code == status  # without a unit the query is for the whole city
        every = await place.service.key("feedback", "satisfaction:read")
        assert (await place.http.get("/feedback/v1/satisfaction", headers=every)).status_code == 200
