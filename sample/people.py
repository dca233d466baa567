"""Citizens who fill in the form as a browser does, and supervisors who assess."""

from __future__ import annotations

import asyncio
import random
from html.parser import HTMLParser
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from sample.city import City, repeated
from sample.office import OFFICE, Officer, Unit

__all__ = ["assess_all", "rate", "rate_everyone", "visitors"]

RATINGS_AT_FIRST = 12
AT_ONCE = 6


class _Form(HTMLParser):
    """The radio buttons of a page: name → values."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name, value = values.get("name"), values.get("value")
        if tag == "input" and values.get("type") == "radio" and name and value:
            self.choices.setdefault(name, []).append(value)


async def rate(city: City, unit: Unit, officer: Officer, chance: random.Random) -> bool:
    """One visit: the counter creates the link; the citizen opens it, fills in the form and submits it.

    False: not accepted, or submitted twice because a response was lost; a form counts once.
    """
    path = urlsplit(await city.visit(officer, chance.choice(unit.services))).path
    page = await repeated(city.public, "GET", path)
    form = _Form()
    form.feed(page.text)
    answers = {}
    for name, values in form.choices.items():
        wanted = str(min(4, max(1, round(chance.gauss(officer.service, 0.5)))))
        if wanted in values:
            answers[name] = wanted
    return (await repeated(city.public, "POST", path, data=answers)).is_success


async def rate_everyone(city: City) -> int:
    """Submits the first ratings of every officer: enough to be published and scored."""
    chance = random.Random("first visitors")
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(unit: Unit, officer: Officer, seed: int) -> bool:
        async with gate:
            return await rate(city, unit, officer, random.Random(seed))

    visits = [(unit, officer) for unit, officer in city.everyone() for _ in range(RATINGS_AT_FIRST)]
    chance.shuffle(visits)
    done = await asyncio.gather(*(one(unit, officer, number) for number, (unit, officer) in enumerate(visits)))
    return sum(done)


async def visitors(city: City, pause_seconds: float = 3.0) -> None:
    """Submits citizens' ratings at random intervals, until cancelled."""
    chance = random.Random()
    while True:
        unit, officer = chance.choice(city.everyone())
        await rate(city, unit, officer, chance)
        await asyncio.sleep(chance.expovariate(1 / pause_seconds))


async def assess_all(city: City) -> None:
    """Each head of unit assesses the unit's officers once. Idempotent."""
    for unit in OFFICE:
        for officer in unit.officers[1:]:
            assessment = {
                # the caller chooses the id and repeats it in retries: the same assessment is the same record
                "assessment_id": str(uuid5(NAMESPACE_URL, f"sample/{officer.nip}")),
                "employee_id": city.id_of(officer),
                "assessor_id": city.id_of(unit.head),
                "work_quality": str(officer.quality),
                "public_communication": str(min(100, officer.quality + 2)),
            }
            await city.ask("POST", "/feedback/v1/assessments", json=assessment)
