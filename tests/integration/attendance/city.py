"""A small city for the tests: a roster, a machine, punches, and a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from services.attendance.context import AttendanceContext
from services.attendance.day_queue.enqueue import enqueue_for_punches
from services.attendance.days.scheduler import DayScheduler
from services.attendance.days.worker import DayWorker
from services.attendance.hours.defaults import Defaults
from services.attendance.machines.locked_machine import lock_machine, write_watermark
from services.attendance.monitoring.silence import Silence
from shared.base.clock import FakeClock
from tests.fixtures.services import Running, running_service
from tests.fixtures.stores.postgres import Server

__all__ = ["BY_ROSTER_SETTING", "HEADER", "City", "city"]

WIB = ZoneInfo("Asia/Jakarta")
HEADER = (
    "nip,name,employment_type,org_unit_id,org_unit_name,superior_nip,email,active_from,active_to,"
    "unit_from,employment_type_from\n"
)
FIRST_NIP = "199608182022041001"
BY_ROSTER_SETTING = "/attendance/v1/by-roster/0190a5a0-0000-7000-8000-0000000000{:02}"


class City:
    """A running service with test helpers."""

    def __init__(self, service: Running, clock: FakeClock | None) -> None:
        self.service = service
        self.http = service.http
        self.clock = clock

    @property
    def context(self) -> AttendanceContext:
        return self.service.app.part(AttendanceContext)

    async def import_lines(self, *lines: str) -> dict[str, Any]:
        answer = await self.http.post("/attendance/v1/roster", content=HEADER + "\n".join(lines))
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def officer(self, nip: str = FIRST_NIP) -> dict[str, Any]:
        answer = await self.http.post("/attendance/v1/employees/find", json={"nip": nip})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def machine(self, serial: str = "M1", unit: str = "u1", mark: str | None = None) -> None:
        await self.run(
            "insert into machine (serial, name, timezone, direction_from, org_unit_id, registered_at, complete_until,"
            " pinned_address)"
            " values (:serial, 'Pintu', 'Asia/Jakarta', 'shift', :unit, :registered, :mark, '127.0.0.1')",
            serial=serial,
            unit=unit,
            registered=datetime(2026, 8, 1, tzinfo=UTC),
            mark=local(mark) if mark else None,
        )

    async def punch(self, employee_id: str, *moments: str, serial: str = "M1") -> None:
        """Stores punches at local times, as the intake does."""
        async with self.context.changing() as change:
            for moment in moments:
                at = local(moment)
                await change.session.execute(
                    text(
                        "insert into punch (serial, pin, local_time, status, verify, at, employee_id, flags, counted,"
                        " source, upload_id, received_at)"
                        " values (:serial, '1', :local, 255, 1, :at, :employee, '{}', true, 'test', 0, :at)"
                    ),
                    {
                        "serial": serial,
                        "local": at.astimezone(WIB).replace(tzinfo=None),
                        "at": at,
                        "employee": UUID(employee_id),
                    },
                )
            touched = [(UUID(employee_id), local(m).astimezone(WIB).replace(tzinfo=None)) for m in moments]
            await enqueue_for_punches(change, touched)

    async def advance(self, mark: str, serial: str = "M1") -> None:
        """The machine uploaded everything up to `mark`."""
        async with self.context.changing() as change:
            machine = await lock_machine(change.session, serial, change.now)
            assert machine is not None
            await write_watermark(change, machine, replace(machine.watermark, complete_until=local(mark)), None)

    async def work(self) -> None:
        """Runs the worker until the queue is empty."""
        while await self.service.app.part(DayWorker).round():
            pass

    async def close(self) -> None:
        while await self.service.app.part(DayScheduler).round():
            pass
        await self.work()

    async def day(self, employee_id: str, work_date: str) -> dict[str, Any]:
        answer = await self.http.get(f"/attendance/v1/employees/{employee_id}/days/{work_date}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def put_by_roster(self, number: int, **setting: Any) -> None:
        """Stores the setting of this number, from August on unless changed, and computes the days that it changes."""
        body = {"by_roster": True, "effective_from": "2026-08-01"} | setting
        answer = await self.http.put(BY_ROSTER_SETTING.format(number), json=body)
        assert answer.status_code == 204, answer.text
        await self.work()

    async def silent(self, moment: str) -> float:
        """The machines that are counted as silent at a local time."""
        assert self.clock is not None
        self.clock.set(local(moment))
        await self.service.app.part(Silence).round()
        return self.service.metric("kinerja_machines_silent")

    async def rows(self, query: str, **values: Any) -> Sequence[Any]:
        async with self.service.context.database.transaction() as session:
            return (await session.execute(text(query), values)).all()

    async def run(self, statement: str, **values: Any) -> None:
        async with self.service.context.database.transaction() as session:
            await session.execute(text(statement), values)


def local(words: str) -> datetime:
    """`2026-08-03 07:30` in Pariaman, as an instant."""
    return datetime.fromisoformat(words).replace(tzinfo=WIB).astimezone(UTC)


def person(nip: str = FIRST_NIP, **changes: str) -> str:
    """A line of the roster."""
    values = {
        "nip": nip,
        "name": "Contoh Pegawai",
        "employment_type": "PNS",
        "org_unit_id": "u1",
        "org_unit_name": "Dinas Satu",
        "superior_nip": "",
        "email": "",
        "active_from": "2022-04-01",
        "active_to": "",
        "unit_from": "",
        "employment_type_from": "",
    }
    return ",".join((values | changes).values())


@asynccontextmanager
async def city(server: Server, now: str = "2026-08-05 20:00", **changes: Any) -> AsyncIterator[City]:
    clock = FakeClock(local(now))
    values = {"first_work_date": date(2026, 8, 3)} | changes
    async with running_service("attendance", server, clock=clock, **values) as service:
        await service.app.part(Defaults).load()
        yield City(service, clock)


def after(clock: FakeClock, **by: int) -> None:
    clock.advance(timedelta(**by))
