"""Records to scores on a running stack: its own scoring containers, broker and database, including publishing.

The scorers are paused (`docker pause`) while the records are sent, for less than the group's session timeout. The time
runs from `docker unpause` until the group has committed the last record. Each round begins with empty facts and ends
with a check of every fact and total.
"""

from __future__ import annotations

import time

from shared.contracts.events.canary import CANARY_EMPLOYEE_ID
from tests.bench.data import DRAWN_COLUMNS, OFFICERS, Drawn, draw
from tests.bench.parts import Result, middle
from tests.bench.scoring import PLAIN_RECORDS, RECORDS, per_case
from tests.bench.stack.stack import RunningStack

__all__ = ["measure_scale", "measure_stack_scoring"]

HELD_SECONDS_MAX = 25.0
"""The group removes a silent member after 30 s."""
BACKLOG_SECONDS_MAX = 240.0
KAFKA = "kafka:9092"
DATABASE = "postgresql+asyncpg://scoring@postgres/scoring"
_PERSONS = f"employee_id <> '{CANARY_EMPLOYEE_ID}'"  # the canary's days begin even while its container is stopped


async def measure_stack_scoring(stack: RunningStack, *, rounds: int = 3, records: int = RECORDS) -> list[Result]:
    """The service against a bare client and a plain handler on the same broker and database, in turns."""
    drawn = draw(records)
    await _prepare(stack)
    rates: dict[str, list[float]] = {"raw": [], "scoring": [], "plain": [], "rss": []}
    for _ in range(rounds):
        rates["scoring"].append(await _backlog(stack, drawn))
        rates["rss"].append(await stack.rss_mib("scoring"))
        rates["raw"].append((await stack.case("cases.case_raw", KAFKA, str(records)))["per_second"])
        await _empty_facts(stack)
        plain = await stack.case("cases.case_sqlmodel", KAFKA, DATABASE, str(min(PLAIN_RECORDS, records)))
        rates["plain"].append(plain["per_second"])
        await _empty_facts(stack)
    return per_case(rates)


async def measure_scale(stack: RunningStack, *, rounds: int = 3, records: int = RECORDS) -> list[Result]:
    """Three replicas of scoring against one on the same backlog, in turns."""
    drawn = draw(records)
    await _prepare(stack)
    rates: dict[int, list[float]] = {1: [], 3: []}
    try:
        for _ in range(rounds):
            for replicas, found in rates.items():
                await _scale(stack, replicas)
                found.append(await _backlog(stack, drawn))
                await _empty_facts(stack)
    finally:
        await _scale(stack, 1)
    shares = [three / one for one, three in zip(rates[1], rates[3], strict=True)]
    return [
        middle("scoring_three_per_one", shares, "ratio"),
        middle("scoring_one_records_per_s", rates[1], "1/s"),
        middle("scoring_three_records_per_s", rates[3], "1/s"),
    ]


async def _prepare(stack: RunningStack) -> None:
    """Starts one scorer, and waits until all services have read the roster."""
    await _scale(stack, 1)
    await stack.case("cases.case_roster")
    for database in ("feedback", "scoring", "notifications"):
        await stack.until(database, f"select count(*) >= {OFFICERS} from employee", "t")
    await _empty_facts(stack)  # those of the canary


async def _scale(stack: RunningStack, replicas: int) -> None:
    """Scales scoring to so many replicas, each with its share of the partitions (otherwise it is not healthy)."""
    order = ("up", "--detach", "--wait", "--no-deps", "--no-recreate", "--scale", f"scoring={replicas}", "scoring")
    await stack.compose(*order)


async def _backlog(stack: RunningStack, drawn: Drawn) -> float:
    """Records per second of the running scorers. Raises where they were paused too long or a total is not exact."""
    scorers = await stack.containers("scoring")
    async with stack.talk("cases.case_backlog", str(len(drawn.messages)), "kinerja-scoring") as backlog:
        await backlog.wait_for("ready")
        await stack.run("docker", "pause", *scorers)
        held = time.monotonic()
        try:
            backlog.go_on()
            await backlog.wait_for("sent")
            if time.monotonic() - held > HELD_SECONDS_MAX:
                raise RuntimeError("sending took so long that the group gave the scorers up: the machine is too busy")
        finally:
            started = time.perf_counter()
            await stack.run("docker", "unpause", *scorers)
        await backlog.wait_for("done", BACKLOG_SECONDS_MAX)
        seconds = time.perf_counter() - started
    await _check(stack, drawn)
    return len(drawn.messages) / seconds


async def _check(stack: RunningStack, drawn: Drawn) -> None:
    """Compares facts, totals and scores with the generated data."""
    query = (
        f"select (select count(*) from day_fact where {_PERSONS}), (select count(*) from feedback_fact),"
        " (select count(*) from parked_record), (select count(*) from semester_total where score is null and final_days > 0)"
    )
    facts = await stack.psql("scoring", query)
    assert facts == [f"{drawn.days}|{drawn.feedback}|0|0"], f"{facts}: {drawn.days}, {drawn.feedback}"
    rows = await stack.psql(
        "scoring", f"select employee_id, {', '.join(DRAWN_COLUMNS)} from semester_total where {_PERSONS}"
    )
    found = {officer: list(map(int, sums)) for officer, *sums in (row.split("|") for row in rows)}
    assert found == {str(officer): sums for officer, sums in drawn.totals.items()}, "the totals are not what was drawn"


async def _empty_facts(stack: RunningStack) -> None:
    """Once all is published, deletes facts and totals; published scores stay, so revisions go on."""
    waiting = "select exists (select from semester_total where changed) or exists (select from outbox)"
    await stack.until("scoring", waiting, "f")
    # First and separately: the publisher locks a year before it reads the facts; one truncate could deadlock with it.
    await stack.psql("scoring", "truncate discipline_year")
    await stack.psql("scoring", "truncate day_fact, feedback_fact, semester_total")
