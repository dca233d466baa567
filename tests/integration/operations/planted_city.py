"""A city whose people, addresses and secrets must not be found in any log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from embedded.gateway import make_gateway
from services.scoring.scores.upkeep import ScoreUpkeep
from shared.contracts.topics import EMPLOYEE
from tests.fixtures.records import employee, incoming
from tests.fixtures.services import OPERATOR_KEY, Running
from tests.integration.readers import receive

NAME, NIP, MAIL = "Rumiati Sikumbang", "198705122010012017", "rumiati.sikumbang@example.go.id"
COMM_KEY, HOST_LABEL = "comm-key-4711-secret", "k7q2x9label"


ADDRESS = "198.51.100.77"


COLUMNS = "nip,name,employment_type,org_unit_id,org_unit_name,superior_nip,email,active_from,active_to"


ROSTER = f"{COLUMNS}\n{NIP},{NAME},PNS,unit-1,Unit Satu,,{MAIL},2020-01-01,\n"


ANSWERS = {"completion_time": "1", "product": "4"}


class City:
    """The four services behind one gateway, and a citizen's client."""

    def __init__(self, services: dict[str, Running]) -> None:
        self.services = services
        gateway = make_gateway({name: one.app for name, one in services.items()})
        transport = httpx.ASGITransport(app=gateway, raise_app_exceptions=False, client=(ADDRESS, 4711))
        headers = {"Authorization": f"Bearer {OPERATOR_KEY}", "X-Forwarded-For": ADDRESS, "Cookie": f"c={NIP}"}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)
        self.planted = {NAME, "Rumiati", "Sikumbang", NIP, MAIL, ADDRESS, COMM_KEY, HOST_LABEL, OPERATOR_KEY}
        self.statuses: list[int] = []

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self.http.request(method, path, **options)
        self.statuses.append(answer.status_code)
        return answer

    async def sql(self, service: str, *statements: str) -> None:
        async with self.services[service].context.database.transaction() as session:
            for statement in statements:
                await session.execute(text(statement))

    async def visit(self, officer: UUID) -> str:
        """The path of a form; its token is planted."""
        body = {"employee_id": str(officer), "service": "KTP-el"}
        path = httpx.URL((await self.ask("POST", "/feedback/v1/visits", json=body)).json()["url"]).path
        self.planted.add(path.removeprefix("/f/"))
        return path


async def good_and_wrong_requests(city: City) -> None:
    csv = {"Content-Type": "text/csv"}
    assert (await city.ask("POST", "/attendance/v1/roster", content=ROSTER, headers=csv)).is_success
    wrong = ROSTER.replace("2020-01-01", NAME)
    assert (await city.ask("POST", "/attendance/v1/roster", content=wrong, headers=csv)).status_code == 422
    assert (await city.ask("GET", "/attendance/v1/employees", params={"nip": NIP, NAME: NIP})).status_code == 422
    [officer] = (await city.ask("GET", "/attendance/v1/employees")).json()["items"]
    for service in ("feedback", "scoring", "notifications"):
        record = incoming(EMPLOYEE, employee(UUID(officer["employee_id"]), nip=NIP, name=NAME, email=MAIL))
        await receive(city.services[service], record)
    who = UUID(officer["employee_id"])
    await city.services["scoring"].app.part(ScoreUpkeep).round()
    for prefix in ("scores", "notices"):
        link = await link_to(city, prefix, who)
        page = await city.ask("GET", link)
        assert page.is_success
        await city.ask("GET", link + "x")
    redirect = await city.ask("GET", page.text.split('href="')[1].split('"')[0])  # from the inbox to the page
    assert redirect.status_code == 303
    handover = redirect.headers["location"]
    city.planted.add(handover.rpartition("/")[2])
    onward = await city.ask("GET", handover)
    assert onward.status_code == 303
    city.planted.add(onward.headers["location"].rpartition("/")[2])
    await city.ask("GET", onward.headers["location"])
    path = await city.visit(who)
    for data in ({"product": NAME}, ANSWERS, ANSWERS):
        await city.ask("POST", path, data=data)
    made = await city.ask("POST", "/feedback/v1/api-keys", json={"name": NAME, "scopes": ["visits:write"]})
    city.planted |= {made.json()["token"], made.json()["token"].partition(".")[2]}
    key = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await city.ask("GET", "/feedback/v1/quarantine", headers=key)).status_code == 403
    host = {"Host": f"{HOST_LABEL}.machines.example.go.id"}
    query = {"SN": "KNJ2026001", "options": "all", "pushcommkey": COMM_KEY}
    for path in ("/iclock/cdata", "/iclock/getrequest"):
        await city.ask("GET", path, params=query, headers=host)
    await city.ask("POST", "/iclock/cdata", params=query | {"table": "USERINFO"}, content=f"PIN=1\tName={NAME}\n")
    for path in (f"/nothing/{NIP}", f"/attendance/v1/employees/{NIP}", f"/scores/v1/employees/{NAME}", f"/{MAIL}"):
        for method in ("GET", "PUT"):
            await city.ask(method, path, params={"q": NAME}, json={"name": NAME})


async def link_to(city: City, prefix: str, officer: UUID) -> str:
    """The path of a new link to the officer's page or inbox; its token must be in no log."""
    made = await city.ask("POST", f"/{prefix}/v1/links", json={"employee_id": str(officer)})
    path = httpx.URL(made.json()["url"]).path
    city.planted.add(path.rpartition("/")[2])
    return path
