"""Finding an officer by part of the name, by NIP or by id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import FIRST_NIP, City, city, person

pytestmark = pytest.mark.embedded

SEARCH = "/attendance/v1/employees/search"
NIPS = (FIRST_NIP, "199009132025212001", "198501012010011002", "198501012010011003")
PERCENT = "100% Jujur_Adil"


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    """Four officers in two units."""
    async with city(embedded_postgres) as found:
        await found.import_lines(
            person(NIPS[0], name="Siti Nur Aminah"),
            person(NIPS[1], name="Budi Santoso", employment_type="PPPK"),
            person(NIPS[2], name="SITI AMINAH", org_unit_id="u2", org_unit_name="Dinas Dua"),
            person(NIPS[3], name=PERCENT),
        )
        yield found


async def found(town: City, headers: dict[str, str] | None = None, **wanted: Any) -> list[str]:
    answer = await town.http.post(SEARCH, json=wanted, headers=headers or {})
    assert answer.status_code == 200, answer.text
    assert answer.json()["next"] is None
    return [item["name"] for item in answer.json()["items"]]


FINDS = (
    ("siti aminah", ["SITI AMINAH", "Siti Nur Aminah"]),
    ("  nur ", ["Siti Nur Aminah"]),
    ("SANTOSO", ["Budi Santoso"]),
    ("199608182022041001", ["Siti Nur Aminah"]),
    ("19960818 202204 1 001", ["Siti Nur Aminah"]),
    ("198501012010", [PERCENT, "SITI AMINAH"]),
    ("%", [PERCENT]),
    ("_", [PERCENT]),
    ("jujur_adil", [PERCENT]),
    ("s_ti", []),
    ("\\", []),
    ("1996%", []),
    ("' or true --", []),
)


async def test_officers_are_found_by_part_of_the_name_or_by_nip(town: City) -> None:
    for q, names in FINDS:
        assert sorted(await found(town, q=q)) == sorted(names), q


async def test_a_search_can_be_limited_to_a_unit_and_to_ids(town: City) -> None:
    ids = [(await town.officer(nip))["employee_id"] for nip in NIPS]
    assert await found(town, q="siti", org_unit_id="u2") == ["SITI AMINAH"]
    assert await found(town, employee_ids=[ids[1], str(uuid4())]) == ["Budi Santoso"]
    assert await found(town, employee_ids=ids[:2], q="siti") == ["Siti Nur Aminah"]


async def test_pages_follow_each_other_in_the_order_of_the_names(town: City) -> None:
    after, seen = None, []
    for _ in range(4):
        answer = await town.http.post(SEARCH, json={"q": "a", "limit": 1, "after": after})
        [item] = answer.json()["items"]
        seen.append(item["name"])
        after = answer.json()["next"]
    assert after is None
    whole = (await town.http.post(SEARCH, json={"q": "a"})).json()["items"]
    assert seen == [item["name"] for item in whole]
    assert len(set(seen)) == 4


NOTHING: tuple[dict[str, Any], ...] = (
    {}, {"q": ""}, {"q": "  "}, {"q": "a\x00"}, {"q": "x" * 101}, {"q": "a", "after": "WyIiLCJ4Il0"},
    {"employee_ids": []}, {"name": "siti"},
)  # fmt: skip


async def test_a_search_without_a_condition_is_refused(town: City) -> None:
    for wanted in NOTHING:
        answer = await town.http.post(SEARCH, json=wanted)
        assert answer.status_code == 422, (wanted, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_of_one_unit_finds_its_officers_only_and_other_scopes_find_nobody(town: City) -> None:
    limited = await town.service.key("attendance", "employees:read", org_unit_ids=["u2"])
    assert await found(town, limited, q="siti") == ["SITI AMINAH"]
    other = await town.service.key("attendance", "days:read")
    assert (await town.http.post(SEARCH, json={"q": "siti"}, headers=other)).status_code == 403
