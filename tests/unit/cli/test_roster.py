"""`kinerja roster import` and `shifts`, against a service that answers as told."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import cli.roster

PROBLEM = {
    "type": "/problems/invalid-content",
    "title": "The content is not valid",
    "status": 422,
    "detail": "The roster was not taken.",
    "errors": [{"line": 3, "field": "nip", "message": "has 18 digits"}],
}


def answering(answer: httpx.Response, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    monkeypatch.setattr(
        cli.roster,
        "client",
        lambda: httpx.Client(transport=httpx.MockTransport(handle), base_url="http://kinerja.test"),
    )
    return seen


def test_the_report_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(b"\xef\xbb\xbfnip\n1")
    seen = answering(httpx.Response(200, json={"created": 2, "changed": 1, "unchanged": 0}), monkeypatch)
    result = CliRunner().invoke(cli.roster.app, ["import", str(file)])
    assert result.exit_code == 0
    assert result.stdout == "created: 2\nchanged: 1\nunchanged: 0\n"
    assert (seen[0].url.path, seen[0].content) == ("/attendance/v1/roster", b"\xef\xbb\xbfnip\n1")


def test_the_report_of_a_file_of_shifts_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("nip\n1")
    counts = {"created": 60, "changed": 2, "removed": 1, "unchanged": 0}
    seen = answering(httpx.Response(200, json=counts), monkeypatch)
    result = CliRunner().invoke(cli.roster.app, ["shifts", str(file)])
    assert (result.exit_code, result.stdout) == (0, "created: 60\nchanged: 2\nremoved: 1\nunchanged: 0\n")
    assert (seen[0].url.path, seen[0].content) == ("/attendance/v1/shifts/file", b"nip\n1")


def test_a_refused_file_ends_with_1_and_its_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "roster.csv"
    file.write_text("nip\n1")
    answer = httpx.Response(422, json=PROBLEM, headers={"content-type": "application/problem+json"})
    answering(answer, monkeypatch)
    result = CliRunner().invoke(cli.roster.app, ["import", str(file)])
    assert result.exit_code == 1
    assert "line 3, field nip, message has 18 digits" in result.output


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.roster.app, ["import", str(tmp_path / "none.csv")])
    assert result.exit_code == 2
