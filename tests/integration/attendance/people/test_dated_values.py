"""The views of units and employment types by date agree with the rule that the day worker uses."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from embedded.postgres import EmbeddedPostgres
from services.attendance.people.assignments import EMPLOYMENT_TYPE, UNIT, Attribute, write_steps
from services.attendance.people.rules.history import value_on
from tests.integration.attendance.city import FIRST_NIP, City, city, person

pytestmark = pytest.mark.embedded

FIRST = date(2026, 8, 1)
DAYS = 12
OFFICERS = 40
VIEWS = (
    (UNIT, "unit_time_v1", "org_unit_id", ("u1", "u2", "u3")),
    (EMPLOYMENT_TYPE, "type_time_v1", "employment_type", ("PNS", "PPPK", "PPPK_PART_TIME")),
)


async def import_officers(town: City) -> None:
    """OFFICERS officers; the first three are in different units."""
    lines = [
        person(
            f"{int(FIRST_NIP) + number}",
            org_unit_id=f"u{min(number, 2) + 1}",
            org_unit_name=f"Dinas {min(number, 2) + 1}",
        )
        for number in range(OFFICERS)
    ]
    await town.import_lines(*lines)


@pytest.mark.parametrize(("attribute", "view", "column", "values"), VIEWS, ids=["unit", "employment type"])
async def test_a_view_by_date_has_the_value_of_the_rule_on_every_date(
    embedded_postgres: EmbeddedPostgres, attribute: Attribute, view: str, column: str, values: tuple[str, ...]
) -> None:
    chance = random.Random(5)
    async with city(embedded_postgres) as town:
        await import_officers(town)
        officers = [row.employee_id for row in await town.rows("select employee_id from employee")]
        steps = {
            officer: [
                (FIRST + timedelta(days=n), chance.choice(values))
                for n in sorted(chance.sample(range(DAYS), chance.randint(1, 5)))
            ]
            for officer in officers
        }
        async with town.service.context.database.transaction() as session:
            await write_steps(session, attribute, steps)
        rows = await town.rows(
            f"select employee_id, day::date as day, {column} as value from {view},"
            " generate_series(cast(:first as date), cast(:last as date), '1 day') as day"
            " where day between first_date and last_date",
            first=FIRST - timedelta(days=3),
            last=FIRST + timedelta(days=DAYS + 3),
        )
        assert len(rows) == OFFICERS * (DAYS + 7)  # each date exactly once
        assert all(row.value == value_on(steps[row.employee_id], row.day) for row in rows)
