"""Records to scores: the service against a bare client, and against a plain handler, interleaved in one run."""

from __future__ import annotations

from collections.abc import Mapping

from services.scoring.totals.rules.contribution import TOTALS
from tests.bench.broker import prepare, send
from tests.bench.data import DRAWN_COLUMNS, Drawn, draw
from tests.bench.parts import Parts, Result, connected, middle, run_case, service_database

__all__ = ["PLAIN_RECORDS", "RECORDS", "measure_scoring", "per_case"]

RECORDS = 200_000
PLAIN_RECORDS = 1_500


async def measure_scoring(parts: Parts, *, rounds: int = 3, records: int = RECORDS) -> list[Result]:
    """Ratios within each round, then their medians. Raises AssertionError when a total is not exact."""
    drawn = draw(records)
    await prepare(parts.bootstrap_servers)
    await send(parts.bootstrap_servers, drawn.messages)
    rates: dict[str, list[float]] = {"raw": [], "scoring": [], "plain": [], "rss": []}
    for _ in range(rounds):
        raw = await run_case("cases.case_raw", parts.bootstrap_servers, str(records))
        database = await service_database(parts, "scoring")
        scoring = await run_case("cases.case_scoring", parts.bootstrap_servers, database, str(records))
        await _check(database, drawn)
        database = await service_database(parts, "scoring")
        plain = await run_case("cases.case_sqlmodel", parts.bootstrap_servers, database, str(PLAIN_RECORDS))
        for name, answer in (("raw", raw), ("scoring", scoring), ("plain", plain)):
            rates[name].append(answer["per_second"])
        rates["rss"].append(scoring["rss_mib"])
    return per_case(rates)


def per_case(rates: Mapping[str, list[float]]) -> list[Result]:
    """Summarizes the rounds of the three cases (raw, scoring, plain), and scoring's rss in MiB."""
    shares = [mine / theirs for mine, theirs in zip(rates["scoring"], rates["raw"], strict=True)]
    gains = [mine / theirs for mine, theirs in zip(rates["scoring"], rates["plain"], strict=True)]
    return [
        middle("scoring_per_getmany", shares, "ratio"),
        middle("scoring_per_sqlmodel_handler", gains, "ratio"),
        middle("scoring_records_per_s", rates["scoring"], "1/s"),
        middle("getmany_records_per_s", rates["raw"], "1/s"),
        middle("sqlmodel_handler_records_per_s", rates["plain"], "1/s"),
        middle("rss_mib_scoring_after_backlog", rates["rss"], "MiB"),
    ]


async def _check(database_url: str, drawn: Drawn) -> None:
    """Compares facts, totals and scores with the generated data; a score in no column would not be enough."""
    async with connected(database_url) as connection:
        facts = await connection.fetchrow(
            "select (select count(*) from day_fact), (select count(*) from feedback_fact),"
            " (select count(*) from parked_record), (select count(*) from semester_total where score is null)"
        )
        assert tuple(facts) == (drawn.days, drawn.feedback, 0, 0), f"{tuple(facts)}: {drawn.days}, {drawn.feedback}"
        columns = ", ".join(DRAWN_COLUMNS)
        rows = await connection.fetch(f"select employee_id, {columns} from semester_total")
        assert set(DRAWN_COLUMNS) <= set(TOTALS)
        found = {row["employee_id"]: [row[name] for name in DRAWN_COLUMNS] for row in rows}
        assert found == dict(drawn.totals), "the totals are not what was drawn"
