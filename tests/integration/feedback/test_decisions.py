"""Decisions of persons: assessments, withdrawals, the list, republishing, the index of a unit."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from embedded.postgres import EmbeddedPostgres
from services.feedback.people.consumer import handle
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.integration.feedback.office import MINIMUM, Office, office

pytestmark = pytest.mark.embedded

ASSESSMENTS = "/feedback/v1/assessments"


def points(place: Office, **changes: Any) -> dict[str, Any]:
    return {
        "assessment_id": str(uuid4()),
        "employee_id": str(place.officer),
        "assessor_id": str(place.superior),
        "work_quality": "80",
    } | changes


async def test_a_withdrawn_assessment_cannot_be_sent_again(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        body = points(place)
        assert (await place.http.post(ASSESSMENTS, json=body)).status_code == 200
        path = f"/feedback/v1/feedback/{body['assessment_id']}/withdraw"
        for _ in range(2):
            withdrawn = await place.http.post(path, json={"reason_code": "WRONG_PERSON"})
            record = withdrawn.json()["record"]
            assert (record["state"], record["revision"]) == ("withdrawn", 2)
        assert (await place.http.post(ASSESSMENTS, json=body | {"work_quality": "10"})).status_code == 409
        assert [(r["revision"], r["state"]) for r in await place.outbox()] == [(1, "accepted"), (2, "withdrawn")]


async def test_an_assessment_cannot_overwrite_other_feedback(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM)
        await place.publish()
        rating = (await place.outbox())[0]
        answer = await place.http.post(ASSESSMENTS, json=points(place, assessment_id=rating["feedback_id"]))
        assert answer.status_code == 409
        colleague = uuid4()
        await place.hear(employee(colleague, superior_id=str(place.superior)))
        body = points(place)
        assert (await place.http.post(ASSESSMENTS, json=body)).status_code == 200
        assert (await place.http.post(ASSESSMENTS, json=body | {"employee_id": str(colleague)})).status_code == 409
        assert len(await place.outbox()) == MINIMUM + 1


async def test_an_officers_key_assesses_only_as_that_officer(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        other = await place.key("assessments:write", place.officer)
        body = points(place)
        assert (await place.http.post(ASSESSMENTS, json=body, headers=other)).status_code == 403
        del body["assessor_id"]
        assert (await place.http.post(ASSESSMENTS, json=body, headers=other)).status_code == 403
        own = await place.key("assessments:write", place.superior)
        assert (await place.http.post(ASSESSMENTS, json=body, headers=own)).status_code == 200
        listed = await place.http.get("/feedback/v1/feedback", headers=own)
        assert listed.status_code == 403


async def test_given_at_has_an_offset_and_lies_in_an_open_semester(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        for moment, status in (
            ("2025-12-31T16:59:59Z", 422),  # 23:59:59 in the unit's zone
            ("2025-12-31T17:00:00Z", 200),
            ("2026-11-24T02:10:00Z", 422),
        ):
            answer = await place.http.post(ASSESSMENTS, json=points(place, given_at=moment))
            assert answer.status_code == status, answer.text
        (record,) = await place.outbox()
        assert record["given_at"] == "2026-01-01T00:00:00+07:00"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"\x00", b'{"assessment_id": {"a": []}}', b"[" * 100_000, b'{"a": 1e999}'],
)
async def test_arbitrary_bodies_are_refused_with_a_message(embedded_postgres: EmbeddedPostgres, body: bytes) -> None:
    async with office(embedded_postgres) as place:
        paths = (
            ASSESSMENTS,
            "/feedback/v1/visits",
            f"/feedback/v1/feedback/{uuid4()}/withdraw",
            f"/feedback/v1/groups/{uuid4()}/withdraw",
            f"/feedback/v1/quarantine/{uuid4()}/accept",
        )
        for path in paths:
            answer = await place.http.post(path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 422)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_the_list_has_pages(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        for _ in range(2):
            await place.votes(MINIMUM)
            await place.publish()
        for _ in range(2):
            await place.http.post(ASSESSMENTS, json=points(place))
        seen: list[str] = []
        after = ""
        while after is not None:
            answer = await place.http.get("/feedback/v1/feedback", params={"limit": 3, "after": after})
            assert answer.status_code == 200
            seen += [item.get("group_id") or item["record"]["feedback_id"] for item in answer.json()["items"]]
            after = answer.json()["next"]
        assert seen == sorted({record["group_id"] or record["feedback_id"] for record in await place.outbox()})
        assert len(seen) == 4
        for query, status in (
            ("state=withdrawn", 200),
            ("state=quarantined", 422),
            ("state=x", 422),
            ("after=WyJ4Il0", 422),
            ("after=*", 422),
        ):
            answer = await place.http.get(f"/feedback/v1/feedback?{query}")
            assert answer.status_code == status
        nobody = await place.http.get("/feedback/v1/feedback", params={"employee_id": str(uuid4())})
        assert nobody.json() == {"items": [], "next": None}
        for unknown in (
            f"feedback/{uuid4()}/withdraw",
            f"quarantine/{uuid4()}/accept",
            f"quarantine/{uuid4()}/dismiss",
        ):
            answer = await place.http.post(f"/feedback/v1/{unknown}", json={"reason_code": "X"})
            assert answer.status_code == 404


async def test_republishing_sends_the_present_state_unchanged(
    embedded_postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.feedback.ratings.republish.AT_A_TIME", 2)
    async with office(embedded_postgres) as place:
        for _ in range(4):
            await place.http.post(ASSESSMENTS, json=points(place))
        first = {record["feedback_id"]: record for record in await place.outbox()}
        answer = await place.http.post("/feedback/v1/republish")
        assert (answer.status_code, answer.json()) == (202, {"records": 4, "unreadable": 0})
        again = (await place.outbox())[4:]
        assert {record["feedback_id"]: record for record in again} == first


async def test_the_index_of_a_unit_needs_ten_ratings(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        query = "/feedback/v1/satisfaction?org_unit_id=unit-1&semester=2026-S2"
        assert (await place.http.get(query)).json()["ikm"] is None
        await place.votes(9)
        await place.publish()
        few = (await place.http.get(query)).json()
        assert (few["respondents"], few["skm"], few["ikm"], few["grade"]) == (9, None, None, None)
        assert set(few["means"].values()) == {None}
        await place.votes(MINIMUM - 1)
        await place.publish()
        assert (await place.http.get(query)).json() == few  # ratings that wait for a group are not counted
        await place.votes(1)
        await place.publish()
        enough = (await place.http.get(query)).json()
        assert (enough["respondents"], enough["skm"], enough["ikm"], enough["grade"]) == (14, "3.0000", "75.00", "C")
        assert (await place.http.get(query.replace("2026-S2", "2026-S1"))).json()["respondents"] == 0
        for wrong in ("2026-S3", "0000-S1", "x", "%00"):
            assert (await place.http.get(query.replace("2026-S2", wrong))).status_code == 422
        for edge in ("0001-S1", "9999-S2"):
            assert (await place.http.get(query.replace("2026-S2", edge))).status_code in (200, 422)
        assert (await place.http.get("/feedback/v1/satisfaction?org_unit_id=%00")).status_code == 422


async def test_officers_are_stored_at_their_highest_revision_and_unusable_records_parked(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    async with office(embedded_postgres) as place:
        await place.hear(
            employee(place.officer, 3, org_unit_name="Tiga"), employee(place.officer, 2, org_unit_name="Dua")
        )
        await place.hear(employee(place.officer, 2, org_unit_name="Dua"))
        rows = await place.rows(f"select revision, org_unit_name from employee where employee_id = '{place.officer}'")
        assert [tuple(row) for row in rows] == [(3, "Tiga")]
        fresh = uuid4()
        records = [
            incoming(EMPLOYEE, b"{"),
            incoming(EMPLOYEE, employee(uuid4(), name="a\x00b")),
            incoming(EMPLOYEE, employee(uuid4(), org_unit_name="\x00")),
            incoming(EMPLOYEE, employee(fresh)),
        ]
        async with place.service.context.database.transaction() as session:
            parked = await handle(session, records)
        assert [one.reason for one in parked] == ["NOT_JSON", "NOT_VALID", "NOT_VALID"]
        assert len(await place.rows(f"select 1 from employee where employee_id = '{fresh}'")) == 1


@pytest.mark.parametrize("followed", [True, False])
async def test_a_former_superior_neither_assesses_nor_corrects(
    embedded_postgres: EmbeddedPostgres, followed: bool
) -> None:
    async with office(embedded_postgres) as place:
        successor = uuid4()
        former, present = [await place.key("assessments:write", who) for who in (place.superior, successor)]
        body = points(place)
        del body["assessor_id"]
        assert (await place.http.post(ASSESSMENTS, json=body, headers=former)).status_code == 200
        await place.hear(employee(place.officer, 2, superior_id=str(successor) if followed else None))
        for changes in ({}, {"work_quality": "10"}, {"assessment_id": str(uuid4())}):
            assert (await place.http.post(ASSESSMENTS, json=body | changes, headers=former)).status_code == 403
        overwrite = await place.http.post(ASSESSMENTS, json=body | {"work_quality": "10"}, headers=present)
        assert overwrite.status_code == (409 if followed else 403)  # what the former superior gave stays
        assert len(await place.outbox()) == 1


async def test_a_key_without_an_officer_is_not_the_superior_of_an_officer_without_one(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    """Without an assessor nobody assesses an officer without a superior: null is not null."""
    async with office(embedded_postgres) as place:
        key = await place.key("assessments:write", place.superior)
        async with place.service.context.database.transaction() as session:
            await session.execute(text("update api_key set employee_id = null"))
        await place.hear(employee(place.officer, 2, superior_id=None))
        body = points(place)
        del body["assessor_id"]
        for headers in (key, {}):  # an incomplete key, and the operator
            assert (await place.http.post(ASSESSMENTS, json=body, headers=headers)).status_code == 422
        assert await place.outbox() == []
