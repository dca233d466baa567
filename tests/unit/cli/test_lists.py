"""Every list of `kinerja`: on a terminal, in a pipe, as JSON, and empty."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.unit.cli.lists import (
    API_KEY,
    DAY,
    ENROLMENT,
    EXCUSE,
    HELD,
    KEY,
    LINK,
    MACHINE,
    NAME,
    NIP,
    NOTICE,
    OFFICER_ITEM,
    PARKED,
    REFUSED,
    SCORE,
    UNIT,
    UNIT_ITEM,
    System,
)

MODULES = (
    "people.officers", "people.units", "scores.scores", "people.days", "people.leave", "scores.notices", "access.links",
    "access.keys", "machines.registry", "machines.machine_proof", "people.enrolments", "kafka.dead_letters", "kafka.outbox",
)  # fmt: skip
SERVED = {"service": "scoring"}
DAYS = ("days", NIP, "--from", "2026-08-04", "--to", "2026-08-04")
LISTS: tuple[tuple[tuple[str, ...], dict[str, Any], tuple[str, ...]], ...] = (
    (("officers", "list"), OFFICER_ITEM, (NIP, NAME, UNIT)),
    (("officers", "find", "siti"), OFFICER_ITEM, (NIP, NAME, UNIT)),
    (("units", "list"), UNIT_ITEM, (UNIT, str(UNIT_ITEM["name"]), "1234", "12")),
    (("scores", "list"), SCORE, (NIP, NAME, UNIT, "75.95", "BUTUH_PERBAIKAN, partial")),
    (DAYS, DAY, ("2026-08-04 Tue", "official duty, open", "07:21", "late 29 min", "RAMADAN", "deduction 0.5%")),
    (("leave", "list", NIP), EXCUSE, (KEY, "CUTI_ALASAN_PENTING", f"{NAME} ({NIP})", "800/1234/BKPSDM/VIII/2026")),
    (("notices", "list"), NOTICE, (KEY, "discipline_information", f"{NAME} ({NIP})", "2026-08-04 08:21")),
    (("links", "list"), {"opens": "page", **LINK}, (KEY, f"page of {NAME} ({NIP})", "used 2026-08-04 08:21")),
    (
        ("keys", "list"),
        {**API_KEY, "services": ["attendance"]},
        (KEY, API_KEY["name"], f"units {UNIT}, puskesmas-kota", f"officer {NAME} ({NIP})"),
    ),
    (
        ("machines", "list"),
        MACHINE,
        (MACHINE["serial"], UNIT, "2026-08-04 08:21", "clock wrong", "12 unknown PINs", "TWO_ADDRESSES"),
    ),
    (("machines", "refused"), REFUSED, (REFUSED["address"], "UNREGISTERED_SERIAL", "123456", "1000")),
    (("machines", "pins", "M1"), ENROLMENT, ("0001", "2026-08-01", NIP, NAME)),
    (
        ("dead-letters", "list"),
        SERVED | PARKED,
        (f"scoring {PARKED['topic']}/11/123456789012 NOT_JSON", "corrected since"),
    ),
    (("outbox", "list"), SERVED | HELD, (f"scoring {KEY}", "attempts 12", "1048588 bytes of one record")),
)
IDS = [" ".join(arguments[:2]) for arguments, *_ in LISTS]
Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def city_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINERJA_TIMEZONE", "Asia/Jakarta")


@pytest.fixture
def kinerja(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`columns` 0: standard output is a pipe."""

    def run(*arguments: str, system: System | None = None, columns: int = 0) -> Result:
        answers = system or System()
        for name in MODULES:
            monkeypatch.setattr(importlib.import_module(f"cli.{name}"), "client", answers.client)
        monkeypatch.setenv("COLUMNS", str(columns) if columns else "")
        return CliRunner().invoke(app, arguments)

    return run  # type: ignore[return-value]


def _words(printed: str) -> str:
    return "".join(printed.split())


@pytest.mark.parametrize(("arguments", "item", "words"), LISTS, ids=IDS)
def test_a_list_fits_80_columns_and_cuts_nothing(
    kinerja: Run, arguments: tuple[str, ...], item: dict[str, Any], words: tuple[str, ...]
) -> None:
    done = kinerja(*arguments, columns=80)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80, done.stdout
    wide = kinerja(*arguments, columns=200).stdout
    assert max(map(len, wide.splitlines())) <= 200
    for letter in "…│─┃\x1b":
        assert letter not in done.stdout + wide
    # a narrow column breaks a long word over several lines, between the text of other columns
    assert sorted(_words(done.stdout)) == sorted(_words(kinerja(*arguments).stdout))


@pytest.mark.parametrize(("arguments", "item", "words"), LISTS, ids=IDS)
def test_in_a_pipe_what_belongs_together_is_one_line(
    kinerja: Run, arguments: tuple[str, ...], item: dict[str, Any], words: tuple[str, ...]
) -> None:
    lines = kinerja(*arguments).stdout.splitlines()
    for found in words:
        assert any(found in line for line in lines), (found, lines)


@pytest.mark.parametrize(("arguments", "item", "words"), LISTS, ids=IDS)
def test_json_is_what_the_api_gives(
    kinerja: Run, arguments: tuple[str, ...], item: dict[str, Any], words: tuple[str, ...]
) -> None:
    done = kinerja(*arguments, "--json", columns=80)
    assert (done.exit_code, orjson.loads(done.stdout)) == (0, [item])


@pytest.mark.parametrize(("arguments", "item", "words"), LISTS, ids=IDS)
def test_an_empty_list_prints_nothing_and_says_so_on_standard_error(
    kinerja: Run, arguments: tuple[str, ...], item: dict[str, Any], words: tuple[str, ...]
) -> None:
    if arguments[:2] == ("officers", "find"):
        pytest.skip("the system finds its officer always")
    done = kinerja(*arguments, system=System(empty=True))
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert done.stderr.splitlines()[-1].startswith(("no ", "nobody "))
    whole = kinerja(*arguments, "--json", system=System(empty=True))
    assert (whole.exit_code, orjson.loads(whole.stdout)) == (0, [])


def test_names_are_asked_for_once_and_never_in_an_address(kinerja: Run) -> None:
    system = System()
    assert kinerja("notices", "list", "--officer", NIP, system=system).exit_code == 0
    assert not any(NIP in str(request.url) or "Siti" in str(request.url) for request in system.asked)
    assert [request.url.path for request in system.asked].count("/attendance/v1/employees/search") == 2


def test_every_reason_of_the_documentation_has_words() -> None:
    from pathlib import Path

    from cli.people.days import REASONS

    table = Path("docs/working-time.md").read_text().partition("## Reasons of a day")[2]
    codes = {
        code
        for line in table.splitlines()
        if line.startswith("| `")
        for code in line.split("|")[1].replace("`", "").replace(",", " ").split()
    }
    assert codes == set(REASONS)
