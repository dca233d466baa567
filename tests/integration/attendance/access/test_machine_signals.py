"""What an operator should check about a machine is shown as a signal until it is dismissed."""

from __future__ import annotations

import re

import pytest

from services.attendance.access.signals import Signals
from tests.integration.attendance.access.device import LINE, OTHER, OWN, Device, after, machine, secret
from tests.integration.attendance.city import City

pytestmark = pytest.mark.embedded


async def test_two_addresses_at_a_time_raise_a_signal_until_it_is_dismissed(town: City) -> None:
    await Device(town).punch(LINE)
    after(town, minutes=11)
    await Device(town, OTHER).ask("getrequest")
    assert (await machine(town))["signals"] == []
    await Device(town).ask("getrequest")
    await Device(town, OTHER).ask("getrequest")
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["times"], OTHER in signal["detail"]) == ("TWO_ADDRESSES", 1, True)
    end = "/attendance/v1/machines/S1/signals/TWO_ADDRESSES"
    assert (await town.http.delete(end)).status_code == 204
    assert (await town.http.delete(end)).status_code == 404
    assert (await machine(town))["signals"] == []


async def test_a_machine_with_a_secret_that_connects_from_two_places_raises_a_signal(town: City) -> None:
    await secret(town, kind="comm_key", value="314159265")
    await Device(town, ComKey="314159265").punch(LINE)
    after(town, minutes=11)
    await Device(town, OTHER, ComKey="314159265").ask("getrequest")
    assert (await machine(town))["signals"] == []
    after(town, minutes=1)
    await Device(town, ComKey="314159265").punch(LINE)
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["detail"]) == ("TWO_ADDRESSES", f"from {OTHER} and from {OWN}")


async def test_more_punches_than_a_door_lets_through_raise_a_signal(town: City) -> None:
    crowd = [f"{n}\t2026-08-05 19:59:{n % 60:02}\t255\t1" for n in range(61)]
    await Device(town).punch(*crowd[:60])
    await town.service.app.part(Signals).round()
    assert (await machine(town))["signals"] == []
    await Device(town).punch(crowd[60])
    await town.service.app.part(Signals).round()
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["detail"].startswith("61 punches")) == ("PUNCH_RATE", True)
    metrics = (await town.http.get("/attendance/metrics")).text
    assert 'kinerja_machine_signals{kind="PUNCH_RATE"} 1.0' in metrics


async def test_refused_contacts_are_counted_by_reason_until_an_operator_decides(town: City) -> None:
    async def counted() -> dict[str, float]:
        await town.service.app.part(Signals).round()
        metrics = (await town.http.get("/attendance/metrics")).text
        return {
            reason: float(count)
            for reason, count in re.findall(
                r'^kinerja_refused_contacts\{reason="(\w+)"\} (\S+)$', metrics, re.MULTILINE
            )
        }

    await Device(town).punch(LINE)
    assert await counted() == {"UNREGISTERED_SERIAL": 0, "OTHER_ADDRESS": 0, "WRONG_SECRET": 0}
    await Device(town, OTHER).punch(LINE)
    assert await counted() == {"UNREGISTERED_SERIAL": 0, "OTHER_ADDRESS": 1, "WRONG_SECRET": 0}
    answer = await town.http.delete("/attendance/v1/machines/S1/refused", params={"address": OTHER})
    assert answer.status_code == 204
    assert (await counted())["OTHER_ADDRESS"] == 0


async def test_more_punches_than_the_machine_counted_raise_a_signal(town: City) -> None:
    device = Device(town)
    await device.punch(LINE)
    await device.ask("getrequest", INFO="Ver 6.60,3,1,100,10.0.7.5")
    for minute in range(1, 5):
        after(town, minutes=1)
        await device.punch(f"7\t2026-08-05 20:0{minute}:00\t255\t1")
    await device.ask("getrequest", INFO="Ver 6.60,3,1,104,10.0.7.5")
    assert (await machine(town))["signals"] == []
    for minute in range(5, 9):
        after(town, minutes=1)
        await device.punch(f"7\t2026-08-05 20:0{minute}:00\t255\t1")
    await device.ask("getrequest", INFO="Ver 6.60,4,1,105,10.0.7.5")
    (signal,) = (await machine(town))["signals"]
    assert (signal["kind"], signal["detail"]) == ("COUNT_CONTRADICTS", "4 punches came, the machine recorded 1")
