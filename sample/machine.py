"""A simulated attendance machine: it keeps its own log and pushes it over HTTP in its vendor's protocol."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from sample.office import Officer, Unit

__all__ = ["Machine"]

LINES_PER_POST = 120
POLL_SECONDS = 10.0
RETRY_SECONDS = 2.0
_HEADERS = {"User-Agent": "iClock Proxy/1.09", "Content-Type": "text/plain", "Connection": "close"}


class Machine:
    """One machine. A file stores how far it has sent its log, as a real machine stores its log position.

    `hours`: (officer's index in the unit, date) → local start and end of work; None on a free day.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        unit: Unit,
        zone: ZoneInfo,
        folder: Path,
        first_day: date,
        hours: Callable[[int, date], tuple[datetime, datetime] | None],
    ) -> None:
        self._http = http
        self.unit = unit
        self._zone = zone
        self._file = folder / f"{unit.serial}.json"
        self._hours = hours
        self.sent_until = datetime.combine(first_day, time.min)
        if self._file.is_file():
            self.sent_until = datetime.fromisoformat(json.loads(self._file.read_text())["sent_until"])

    def now(self) -> datetime:
        """The machine's clock: local time without a zone, like its log."""
        return datetime.now(self._zone).replace(tzinfo=None, microsecond=0)

    async def connect(self) -> None:
        """Repeats the handshake until the server accepts this machine."""
        query = {"SN": self.unit.serial, "options": "all", "pushver": "2.2.14", "language": "73"}
        while True:
            answer = await self._request("GET", "/iclock/cdata", query)
            if answer.text.startswith("GET OPTION FROM:"):
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def push(self, until: datetime, sent: Callable[[int], None] = lambda _: None) -> int:
        """Sends the unsent log lines up to `until`, oldest first; returns their number."""
        lines = [line for day in self._days(until) for line in self._lines(day)]
        due = sorted(line for line in lines if self.sent_until < line[0] <= until)
        for begin in range(0, len(due), LINES_PER_POST):
            part = due[begin : begin + LINES_PER_POST]
            body = "".join(f"{pin}\t{at:%Y-%m-%d %H:%M:%S}\t255\t1\t\t0\t0\n" for at, pin in part)
            query = {"SN": self.unit.serial, "table": "ATTLOG", "Stamp": "9999"}
            answer = await self._request("POST", "/iclock/cdata", query, body.encode())
            if answer.text.strip() != f"OK: {len(part)}":
                raise RuntimeError(f"{self.unit.serial}: {len(part)} lines were answered with {answer.text[:80]!r}")
            self._remember(part[-1][0])
            sent(len(part))
        self._remember(max(self.sent_until, until))
        return len(due)

    async def poll(self) -> None:
        """Polls for commands and reports each as done."""
        answer = await self._request("GET", "/iclock/getrequest", {"SN": self.unit.serial})
        for line in answer.text.splitlines():
            if line.startswith("C:"):
                number, _, command = line[2:].partition(":")
                body = f"ID={number}&Return=0&CMD={command.split(' ')[0]}\n".encode()
                await self._request("POST", "/iclock/devicecmd", {"SN": self.unit.serial}, body)

    async def live(self) -> None:
        """Pushes each punch at its time and polls in between, until cancelled."""
        while True:
            await self.push(self.now())
            await self.poll()
            await asyncio.sleep(POLL_SECONDS)

    def count(self, until: datetime) -> int:
        """The number of unsent lines up to `until`."""
        return sum(self.sent_until < at <= until for day in self._days(until) for at, _ in self._lines(day))

    def _days(self, until: datetime) -> Iterator[date]:
        """Dates that may have unsent lines; the day before counts too, because a night shift ends on the next date."""
        first = self.sent_until.date() - timedelta(days=1)
        for offset in range((until.date() - first).days + 1):
            yield first + timedelta(days=offset)

    def _lines(self, day: date) -> list[tuple[datetime, str]]:
        """A day's punches. Deterministic: each call returns the same."""
        lines = []
        for position, officer in enumerate(self.unit.officers):
            hours = self._hours(position, day)
            if hours is not None:
                lines += [(at, officer.pin) for at in _taps(officer, day, *hours)]
        return lines

    def _remember(self, moment: datetime) -> None:
        self.sent_until = moment
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"sent_until": moment.isoformat()}))

    async def _request(
        self, method: str, path: str, query: dict[str, str], body: bytes | None = None
    ) -> httpx.Response:
        """Repeats a request, like the firmware, until the server answers 200, or 404 for an unregistered machine."""
        while True:
            try:
                answer = await self._http.request(method, path, params=query, content=body, headers=_HEADERS)
            except httpx.TransportError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if answer.status_code in (httpx.codes.OK, httpx.codes.NOT_FOUND):
                return answer
            await asyncio.sleep(RETRY_SECONDS)


def _taps(officer: Officer, day: date, start: datetime, end: datetime) -> list[datetime]:
    chance = random.Random(f"{officer.nip}/{day.isoformat()}")
    if chance.random() < officer.absent_share:
        return []
    late = chance.random() < officer.late_share
    arrival = start + timedelta(seconds=chance.randrange(60, 3600) if late else -chance.randrange(60, 2400))
    early = chance.random() < officer.late_share / 4
    departure = end + timedelta(seconds=-chance.randrange(60, 2400) if early else chance.randrange(10, 3000))
    taps = [arrival, departure]
    if chance.random() < 0.02:  # a finger that the machine reads twice
        taps.append(arrival + timedelta(seconds=4))
    if chance.random() < 0.01:  # the officer forgets to punch out
        taps.remove(departure)
    return taps
