"""Traffic for the fault tests, and the checks after a fault."""

from __future__ import annotations

import threading
import time
from datetime import date

import httpx

from tests.e2e.stack import Stack, until
from tests.e2e.town import MACHINE

__all__ = ["OFFICERS", "Traffic", "assert_nothing_is_lost", "assert_scoring_agrees", "attendance_rests"]

OFFICERS = 10

# Not the canary's: it uses PIN 1 too, and may punch in the same minute of the same day.
_KEPT = f"select pin || ' ' || local_time from punch where serial = '{MACHINE}' and counted"


class Traffic:
    """A machine that posts without a pause and sends a post again if the answer was not OK."""

    def __init__(self, stack: Stack, day: date) -> None:
        self._stack = stack
        self._day = day
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.accepted: list[tuple[int, str]] = []
        self.refused: list[tuple[int, float]] = []

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def wait_for_one_more(self) -> None:
        """Waits until another punch is accepted."""
        before = len(self.accepted)
        until("an accepted punch", lambda: len(self.accepted) > before, 60)

    def _run(self) -> None:
        number = 0
        with httpx.Client(base_url=self._stack.url, timeout=20) as http:
            while not self._stop.is_set():
                pin, clock = (
                    number % OFFICERS + 1,
                    f"{12 + number // 3600 % 4:02d}:{number // 60 % 60:02d}:{number % 60:02d}",
                )
                line = f"{pin}\t{self._day} {clock}\t255\t1\t\t0\t0\n"
                begun = time.monotonic()
                try:
                    answer = http.post(
                        "/iclock/cdata", params={"SN": MACHINE, "table": "ATTLOG"}, content=line.encode()
                    )
                except httpx.TransportError:
                    continue  # as a machine: without an answer it sends again
                if answer.text.startswith("OK: 1"):
                    self.accepted.append((pin, f"{self._day} {clock}"))
                    number += 1
                else:
                    self.refused.append((answer.status_code, time.monotonic() - begun))
                time.sleep(0.02)


def attendance_rests(stack: Stack) -> bool:
    """Whether every changed day is computed, and every event is sent."""
    waiting = "select (select count(*) from outbox) + (select count(*) from day_queue)"
    return stack.psql("attendance", waiting) == "0"


def assert_nothing_is_lost(stack: Stack, traffic: Traffic) -> None:
    """Checks that every accepted punch is stored once, every event arrives, and the totals agree with the facts."""
    stack.wait_until_ready(180)
    for database in ("attendance", "scoring"):
        until(
            f"an empty outbox of {database}", lambda d=database: stack.psql(d, "select count(*) from outbox") == "0", 90
        )  # type: ignore[misc]
    kept = stack.psql("attendance", _KEPT).splitlines()
    assert len(kept) == len(set(kept))
    assert {f"{pin} {moment}" for pin, moment in traffic.accepted} <= set(kept)
    assert_scoring_agrees(stack)


def assert_scoring_agrees(stack: Stack) -> None:
    """Every day is in scoring at its newest revision, and the totals agree with the facts."""
    days = "select count(*) || ' ' || sum(revision) from {}"
    until(
        "every day at its newest revision in scoring",
        lambda: (
            stack.psql("attendance", days.format("attendance_day")) == stack.psql("scoring", days.format("day_fact"))
        ),
        90,
    )
    assert stack.http.post("/scores/v1/verify").json()["ok"]
