"""Quarantined ratings are never published; a person accepts or dismisses them all at once, and sees no answers."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.postgres import EmbeddedPostgres
from services.feedback.ratings.boxes.ballot_boxes import BallotBoxes
from tests.integration.feedback.office import ANSWERS, MINIMUM, Office, office

pytestmark = pytest.mark.embedded

QUARANTINE = "/feedback/v1/quarantine"
PROGRAM = ANSWERS | {"surat_elektronik": "x"}
WHY = {"reason_code": "CHECKED"}


async def batches(place: Office) -> list[dict[str, Any]]:
    answer = await place.http.get(QUARANTINE)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_bot_that_fills_the_hidden_field_is_quarantined(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(MINIMUM - 1)
        await place.votes(3, PROGRAM)
        await place.publish()
        assert await place.outbox() == []
        [batch] = await batches(place)
        assert batch == batch | {
            "employee_id": str(place.officer), "org_unit_id": "unit-1", "weight_class": "visit", "cause": "HONEYPOT",
            "day": "2026-11-24", "ballots": 3,
        }  # fmt: skip
        assert set(batch) == {"batch_id", "employee_id", "org_unit_id", "weight_class", "cause", "day", "ballots"}


async def test_an_accepted_batch_waits_for_a_group(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        await place.votes(1)
        await place.votes(3, PROGRAM)
        [batch] = await batches(place)
        path = f"{QUARANTINE}/{batch['batch_id']}/accept"
        answer = await place.http.post(path, json=WHY)
        assert (answer.status_code, answer.json()) == (200, batch)
        await place.publish()
        assert await place.outbox() == []  # four ratings: accepting them changes no score
        await place.votes(1)
        await place.publish()
        assert len(await place.ratings()) == MINIMUM
        again = await place.http.post(path, json=WHY)
        assert (again.status_code, "already accepted" in again.json()["detail"]) == (409, True)
        assert await batches(place) == []


async def test_a_dismissed_batch_is_deleted_and_the_decision_stays(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        limit = place.service.app.part(BallotBoxes).rules.burst.ratings
        await place.votes(limit + 7)
        [batch] = await batches(place)
        assert (batch["cause"], batch["ballots"]) == ("BURST", 7)
        answer = await place.http.post(f"{QUARANTINE}/{batch['batch_id']}/dismiss", json={"reason_code": "BRIGADE"})
        assert answer.status_code == 200
        assert await batches(place) == []
        await place.publish()
        assert len(await place.ratings()) == limit
        [decision] = (await place.http.get(f"{QUARANTINE}/decisions")).json()["items"]
        assert decision == decision | batch | {"decision": "dismissed", "reason": "BRIGADE"}
        again = await place.http.post(f"{QUARANTINE}/{batch['batch_id']}/accept", json=WHY)
        assert (again.status_code, "already dismissed" in again.json()["detail"]) == (409, True)


async def test_the_lists_have_pages_and_are_for_operators_only(embedded_postgres: EmbeddedPostgres) -> None:
    async with office(embedded_postgres) as place:
        for weight_class in ("visit", "counter"):
            await place.votes(1, PROGRAM, weight_class=weight_class)
        await place.votes(1, PROGRAM, employee_id=None, org_unit_id="unit-1")
        for path in (QUARANTINE, f"{QUARANTINE}/decisions"):
            seen: list[str] = []
            after = ""
            while after is not None:
                answer = await place.http.get(path, params={"limit": 2, "after": after})
                assert answer.status_code == 200
                seen += [item["batch_id"] for item in answer.json()["items"]]
                after = answer.json()["next"]
            assert seen == sorted(set(seen))
            assert len(seen) == 3
            for batch in seen if path == QUARANTINE else ():
                assert (await place.http.post(f"{QUARANTINE}/{batch}/accept", json=WHY)).status_code == 200
        key = await place.key("visits:write")
        assert (await place.http.get(QUARANTINE, headers=key)).status_code == 403
