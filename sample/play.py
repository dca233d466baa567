"""The sample's sequence: create the office, send the backlog, then simulate live."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sample.city import City
from sample.live import watch
from sample.machine import Machine
from sample.office import OFFICE
from sample.people import assess_all, rate_everyone, visitors
from sample.shifts import shift_hours

__all__ = ["Play", "city_console"]

CATCH_UP_SECONDS = 3.0


def city_console(timezone: str) -> Console:
    """A console whose times are those of the city, like those of `kinerja` and of the mails."""
    zone = ZoneInfo(timezone)
    return Console(log_path=False, get_datetime=lambda: datetime.now(zone))


class Play:
    """Loads the sample office, then simulates it until cancelled."""

    def __init__(self, city: City, folder: Path, timezone: str, console: Console) -> None:
        self._city = city
        self._folder = folder
        self._timezone = timezone
        self._console = console
        self._machines: list[Machine] = []

    async def load(self) -> None:
        """Loads everything up to now; a later start loads only new data."""
        zone = ZoneInfo(self._timezone)
        today = datetime.now(zone).date()
        first = date(today.year, 1 if today.month <= 6 else 7, 1)
        await self._city.open_office(self._timezone, first, today)
        holidays = await self._holidays({today.year - 1, today.year})

        def office_hours(_: int, day: date) -> tuple[datetime, datetime] | None:
            if day.weekday() > 4 or day in holidays:
                return None
            end = time(16, 30) if day.weekday() == 4 else time(16, 0)
            return datetime.combine(day, time(7, 30)), datetime.combine(day, end)

        for unit in OFFICE:
            hours = shift_hours if unit.by_roster else office_hours
            machine = Machine(self._city.public, unit, zone, self._folder, first, hours)
            await machine.connect()
            self._machines.append(machine)
        await self._send_backlog()
        done = self._folder / "people-loaded"
        if not done.is_file():
            self._say("supervisors assess, citizens fill in the form ...")
            await assess_all(self._city)
            accepted = await rate_everyone(self._city)
            self._say(f"{accepted} citizens have rated their visit")
            done.touch()

    async def live(self) -> None:
        """Runs machines, citizens and the table concurrently."""
        async with asyncio.TaskGroup() as group:
            for machine in self._machines:
                group.create_task(self._keep(machine))
            group.create_task(visitors(self._city))
            group.create_task(watch(self._city, self._console, self._say))

    async def _keep(self, machine: Machine) -> None:
        """A machine that was offline uploads one day every few seconds until it has caught up."""
        while machine.sent_until.date() < machine.now().date():
            next_day = machine.sent_until.replace(hour=23, minute=59, second=59) + timedelta(
                days=1 if machine.sent_until.hour == 23 else 0
            )
            until = min(next_day, machine.now())
            sent = await machine.push(until)
            if sent:
                self._say(f"machine {machine.unit.serial} uploaded {until.date()}: {sent} punches")
            await asyncio.sleep(CATCH_UP_SECONDS)
        await machine.live()

    async def _send_backlog(self) -> None:
        plan = []
        for machine in self._machines:
            until = machine.now()
            if machine.unit.offline_days:
                until = (until - timedelta(days=machine.unit.offline_days)).replace(hour=23, minute=59, second=59)
            if count := machine.count(until):
                plan.append((machine, until, count))
        if not plan:
            return  # a restart without new punches shows no empty progress bar
        total = sum(count for _, _, count in plan)
        if not self._console.is_terminal:
            for machine, until, count in plan:
                await machine.push(until)
                self._say(f"machine {machine.unit.serial} uploaded its backlog: {count} punches")
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            bar = progress.add_task("backlog of the semester", total=total)
            for machine, until, _ in plan:
                await machine.push(until, lambda lines: progress.advance(bar, lines))

    async def _holidays(self, years: set[int]) -> set[date]:
        days: set[date] = set()
        for year in sorted(years):
            answer = (await self._city.ask("GET", "/attendance/v1/calendar", params={"year": year})).json()
            items = answer["items"] if isinstance(answer, dict) else answer
            days |= {date.fromisoformat(item["day"]) for item in items if item["kind"] != "workday"}
        return days

    def _say(self, text: str) -> None:
        if self._console.is_terminal:
            self._console.log(text)
        else:
            print(text, flush=True)  # noqa: T201 - plain lines without a terminal
