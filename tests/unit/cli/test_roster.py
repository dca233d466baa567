"""`kinerja roster import` and `shifts`, against a service with configurable answers."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import cli.people.roster
from services.attendance.people.file_columns import ROSTER_COLUMNS, SHIFT_COLUMNS
from shared.office_files import XLSX_TYPE, Faults, read_rows

PROBLEM = {
    "type": "/problems/invalid-content",
    "title": "The content is not valid",
    "status": 422,
    "detail": "The roster was not taken.",
    "errors": [
        {"line": line, "field": "nip", "column": "NIP", "value": "1985", "message": "must have 18 digits; this has 4"}
        for line in range(3, 435)
    ],
}


def answering(answer: httpx.Response, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    monkeypatch.setattr(
        cli.people.roster,
        "client",
        lambda: httpx.Client(transport=httpx.MockTransport(handle), base_url="http://kinerja.test"),
    )
    return seen


def test_the_report_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(b"\xef\xbb\xbfnip\n1")
    seen = answering(httpx.Response(200, json={"created": 2, "changed": 1, "unchanged": 0}), monkeypatch)
    result = CliRunner().invoke(cli.people.roster.app, ["import", str(file)])
    assert result.exit_code == 0
    assert result.stdout == "created: 2\nchanged: 1\nunchanged: 0\n"
    assert (seen[0].url.path, seen[0].content) == ("/attendance/v1/roster", b"\xef\xbb\xbfnip\n1")


def test_a_file_may_come_by_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = answering(httpx.Response(200, json={"created": 1}), monkeypatch)
    result = CliRunner().invoke(cli.people.roster.app, ["shifts", "-"], input=b"nip\n1")
    assert (result.exit_code, result.stdout, seen[0].content) == (0, "created: 1\n", b"nip\n1")


def test_the_report_of_a_file_of_shifts_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("nip\n1")
    counts = {"created": 60, "changed": 2, "removed": 1, "unchanged": 0}
    seen = answering(httpx.Response(200, json=counts), monkeypatch)
    result = CliRunner().invoke(cli.people.roster.app, ["shifts", str(file)])
    assert (result.exit_code, result.stdout) == (0, "created: 60\nchanged: 2\nremoved: 1\nunchanged: 0\n")
    assert (seen[0].url.path, seen[0].content) == ("/attendance/v1/shifts/file", b"nip\n1")


def test_a_refused_file_ends_with_1_and_its_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("nip\n1")
    answer = httpx.Response(422, json=PROBLEM, headers={"content-type": "application/problem+json"})
    answering(answer, monkeypatch)
    result = CliRunner().invoke(cli.people.roster.app, ["import", str(file)])
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[1] == '  line 3, NIP "1985": must have 18 digits; this has 4'
    assert lines[-1] == "  and 412 more"
    assert len(lines) == 22


def test_a_fault_of_a_sheet_names_it_and_an_empty_value_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "roster.xlsx"
    file.write_bytes(b"PK\x03\x04")
    fault = {
        "sheet": "Pegawai",
        "line": 3,
        "field": "nip",
        "column": "NIP",
        "value": "",
        "message": "must not be empty",
    }
    answer = httpx.Response(
        422, json=PROBLEM | {"errors": [fault]}, headers={"content-type": "application/problem+json"}
    )
    seen = answering(answer, monkeypatch)
    result = CliRunner().invoke(cli.people.roster.app, ["import", str(file)])
    assert "\n  sheet Pegawai, line 3, NIP: must not be empty\n" in result.output
    assert seen[0].headers["content-type"] == XLSX_TYPE


def test_notes_of_the_report_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("nip\n1")
    report = {"created": 1, "changed": 0, "unchanged": 0, "notes": ["1 date was read day before month"]}
    answering(httpx.Response(200, json=report), monkeypatch)
    result = CliRunner().invoke(cli.people.roster.app, ["import", str(file)])
    assert result.stdout.endswith("unchanged: 0\nnote: 1 date was read day before month\n")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_sample_file_is_a_table_whose_lines_are_to_be_replaced(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in ([], ["--shifts"]):
        result = CliRunner().invoke(cli.people.roster.app, ["template", *arguments, "--format", form])
        assert result.exit_code == 0, result.output
    for name, columns in (("roster", ROSTER_COLUMNS), ("shifts", SHIFT_COLUMNS)):
        faults = Faults()
        assert read_rows((tmp_path / f"{name}.{form}").read_bytes(), columns, faults) == []
        assert [(fault["line"], fault["value"]) for fault in faults] == list(enumerate(columns[0].samples, start=2))


def test_a_file_that_is_there_is_not_overwritten_by_a_sample(tmp_path: Path) -> None:
    file = tmp_path / "roster.xlsx"
    file.write_text("mine")
    result = CliRunner().invoke(cli.people.roster.app, ["template", str(file)])
    assert (result.exit_code, file.read_text()) == (1, "mine")
    assert "is there already" in result.output


def test_a_sample_goes_to_standard_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.people.roster.app, ["template", "-", "--format", "csv"])
    assert result.stdout_bytes.startswith(b"\xef\xbb\xbfNIP;Nama;")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.people.roster.app, ["import", str(tmp_path / "none.csv")])
    assert result.exit_code == 2


@pytest.mark.parametrize(("name", "first_bytes"), [("r.csv", b"\xef\xbb\xbfNIP"), ("r.xlsx", b"PK"), ("r", b"PK")])
def test_a_sample_has_the_format_that_its_name_says(tmp_path: Path, name: str, first_bytes: bytes) -> None:
    result = CliRunner().invoke(cli.people.roster.app, ["template", str(tmp_path / name)])
    assert result.exit_code == 0
    assert (tmp_path / name).read_bytes().startswith(first_bytes)


@pytest.mark.parametrize("arguments", [["r.csv", "--format", "xlsx"], ["r.txt"]])
def test_a_name_of_another_format_is_wrong_usage(tmp_path: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(cli.people.roster.app, ["template", str(tmp_path / arguments[0]), *arguments[1:]])
    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []
