"""The stack's first step tells of a certificate that ends, before HR systems find out, and goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import preflight
from cli.main import app


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for name in preflight.SECRETS:
        (tmp_path / name).write_text("s" * preflight.LENGTH_MIN)
    return tmp_path


@pytest.mark.parametrize(("days", "words"), [(-1, "ended on"), (13, "ends on"), (15, None)])
def test_a_certificate_that_ends_is_told_and_refuses_nothing(
    monkeypatch: pytest.MonkeyPatch, secrets: Path, days: int, words: str | None
) -> None:
    (secrets / preflight.CERTIFICATE).write_text("certificate")
    ends = datetime.now(UTC) + timedelta(days=days, minutes=1)
    monkeypatch.setattr(preflight, "written_certificate_ends_at", lambda _: ends)
    done = CliRunner().invoke(app, ["preflight", "--folder", str(secrets)])
    assert done.exit_code == 0
    told = [line for line in done.output.splitlines() if "certificate" in line]
    if words is None:
        assert told == []
    else:
        [line] = told
        assert words in line
        assert line.endswith("docs/runbooks/certificate.md")


def test_a_file_without_a_certificate_is_told(secrets: Path) -> None:
    (secrets / preflight.CERTIFICATE).write_text("not a certificate")
    done = CliRunner().invoke(app, ["preflight", "--folder", str(secrets)])
    assert "kafka_certificate.pem cannot be read (ValueError)" in done.output
