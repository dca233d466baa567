"""What was withdrawn counts nowhere and does not come back, and closed semesters do not change."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from tests.fixtures.faults.store_faults import until_waiting
from tests.integration.feedback.office import MINIMUM, Office, office

pytestmark = pytest.mark.embedded

ASSESSMENTS = "/feedback/v1/assessments"


async def index(place: Office, **unit: str) -> tuple[int, str | None]:
    """The number of respondents and the mean of the current semester, of a unit or of the city."""
    answer = await place.http.get("/feedback/v1/satisfaction", params={"semester": "2026-S2"} | unit)
    assert answer.status_code == 200, answer.text
    return answer.json()["respondents"], answer.json()["skm"]


async def group(place: Office, product: str, size: int = MINIMUM) -> dict[str, Any]:
    """A rating of a new published group, in which all gave the same answer."""
    before = len(await place.ratings())
    await place.votes(size, {"product": product})
    await place.publish()
    return (await place.ratings())[before]


async def withdraw(place: Office, path: str, reason: str) -> dict[str, Any]:
    answer = await place.http.post(f"/feedback/v1/{path}/withdraw", json={"reason_code": reason})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def assess(place: Office) -> dict[str, str]:
    """The body of an accepted assessment."""
    body = {
        "assessment_id": str(uuid4()),
        "employee_id": str(place.officer),
        "assessor_id": str(place.superior),
        "work_quality": "80",
    }
    assert (await place.http.post(ASSESSMENTS, json=body)).status_code == 200
    return body


async def test_withdrawn_ratings_do_not_count_in_the_index_of_unit_and_city(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        forged = await group(place, "4")
        await group(place, "2", 2 * MINIMUM)
        for unit in ({"org_unit_id": "unit-1"}, {}):
            assert await index(place, **unit) == (3 * MINIMUM, "2.6667")
        await withdraw(place, f"groups/{forged['group_id']}", "FORGED")
        for unit in ({"org_unit_id": "unit-1"}, {}):
            assert await index(place, **unit) == (2 * MINIMUM, "2.0000")


async def test_withdrawing_a_withdrawn_group_again_changes_nothing(embedded_postgres: EmbeddedPostgres) -> None:
    """A second withdrawal, by the group or by one of its ratings, changes nothing and brings no rating back."""
    async with office(embedded_postgres) as place:
        rating = await group(place, "4")
        await withdraw(place, f"groups/{rating['group_id']}", "FORGED")
        sent = await place.outbox()
        for path in (f"groups/{rating['group_id']}", f"feedback/{rating['feedback_id']}"):
            again = await withdraw(place, path, "ANOTHER_REASON")
            assert (again["state"], again["reason"]) == ("withdrawn", "FORGED")
        assert await place.outbox() == sent
        assert (await place.content()).waiting == ()
        listed = (await place.http.get("/feedback/v1/feedback")).json()["items"]
        assert [(item["state"], item["reason"]) for item in listed] == [("withdrawn", "FORGED")]


async def test_an_assessment_of_a_closed_semester_cannot_be_corrected(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        body = await assess(place)
        place.clock.set(datetime(2027, 6, 30, 16, 59, tzinfo=UTC))  # the last minute of the next semester
        corrected = body | {"work_quality": "85"}
        assert (await place.http.post(ASSESSMENTS, json=corrected)).json()["revision"] == 2
        place.clock.set(datetime(2027, 6, 30, 17, 0, tzinfo=UTC))
        sent = await place.outbox()
        now = {"given_at": place.clock.now().isoformat()}
        for change in ({"work_quality": "10"}, now, {"work_quality": "10"} | now):
            answer = await place.http.post(ASSESSMENTS, json=corrected | change)
            assert (answer.status_code, "closed" in answer.json()["detail"]) == (409, True)
        repeated = await place.http.post(ASSESSMENTS, json=corrected)
        assert (repeated.status_code, repeated.json()["revision"]) == (200, 2)
        assert await place.outbox() == sent


async def test_a_withdrawal_that_waits_for_a_correction_withdraws_what_was_corrected(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        assessment = (await assess(place))["assessment_id"]
        async with place.service.context.database.transaction() as correction:
            correct = text("update feedback set record = replace(record, :one, :two) returning record")
            revisions = {"one": '"revision":1,', "two": '"revision":2,'}
            assert revisions["two"] in (await correction.execute(correct, revisions)).scalar_one()
            waiting = asyncio.create_task(withdraw(place, f"feedback/{assessment}", "WRONG_PERSON"))
            await until_waiting(correction)
        assert (await waiting)["record"]["revision"] == 3


async def test_the_records_of_a_withdrawn_group_have_one_time(
    embedded_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(embedded_postgres) as place:
        rating = await group(place, "4")
        still = place.clock.now

        def ticking() -> datetime:
            place.clock.advance(timedelta(milliseconds=1))
            return still()

        monkeypatch.setattr(place.clock, "now", ticking)
        await withdraw(place, f"groups/{rating['group_id']}", "FORGED")
        withdrawn = [record for record in await place.ratings() if record["state"] == "withdrawn"]
        assert len(withdrawn) == MINIMUM
        assert len({record["recorded_at"] for record in withdrawn}) == 1
