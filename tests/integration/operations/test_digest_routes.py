"""The digests of one owner, and which key may ask for them."""

from __future__ import annotations

import pytest

from embedded.postgres import EmbeddedPostgres
from shared.contracts.topics import ATTENDANCE_DAY, EMPLOYEE
from shared.db.digests import BUCKETS, bucket_of
from tests.integration.attendance.city import FIRST_NIP, city, person

pytestmark = pytest.mark.embedded
PATH = "/attendance/v1/digests"


async def test_a_digest_holds_each_thing_once_and_its_bucket_lists_it(embedded_postgres: EmbeddedPostgres) -> None:
    async with city(embedded_postgres) as town:
        await town.import_lines(person())
        officer = (await town.officer(FIRST_NIP))["employee_id"]
        query = {"reader": "scoring"}
        found = (await town.http.get(f"{PATH}/{EMPLOYEE.name}", params=query)).json()
        assert (found["things"], found["semester"], len(found["buckets"])) == (1, "2026-S2", BUCKETS)
        assert found["in_flight"]  # no relay runs here
        [bucket] = [number for number, total in enumerate(found["buckets"]) if total != "0" * 16]
        assert bucket == bucket_of(officer)
        listed = await town.http.get(f"{PATH}/{EMPLOYEE.name}/things", params=query | {"bucket": bucket})
        [item] = listed.json()["items"]
        assert item == {"thing": officer, "revision": 1, "hash": found["buckets"][bucket]}
        other = await town.http.get(f"{PATH}/{EMPLOYEE.name}/things", params=query | {"bucket": (bucket + 1) % BUCKETS})
        assert other.json()["items"] == []
        # another reader stores other fields
        theirs = (await town.http.get(f"{PATH}/{EMPLOYEE.name}", params={"reader": "feedback"})).json()
        assert theirs["buckets"] != found["buckets"]

        for path, params, status in (
            (f"{PATH}/asn.score.v1", query, 404),
            (f"{PATH}/{ATTENDANCE_DAY.name}", {"reader": "feedback"}, 404),
            (f"{PATH}/{ATTENDANCE_DAY.name}", query | {"semester": "2026-S3"}, 422),
            (f"{PATH}/{ATTENDANCE_DAY.name}", query | {"semester": "9999-S2"}, 422),
            (f"{PATH}/{ATTENDANCE_DAY.name}", {}, 422),
            (f"{PATH}/{ATTENDANCE_DAY.name}/things", query | {"bucket": BUCKETS}, 422),
        ):
            answer = await town.http.get(path, params=params)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        key = await town.service.key("attendance", "days:read")
        assert (await town.http.get(f"{PATH}/{EMPLOYEE.name}", params=query, headers=key)).status_code == 403
