"""The preflight step warns that a certificate ends, before HR systems fail, and goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.stack import preflight


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    for name in preflight.SECRETS:
        (tmp_path / name).write_text("s" * preflight.LENGTH_MIN)
    return tmp_path


@pytest.mark.parametrize(("days", "words"), [(-1, "ended on"), (13, "ends on"), (15, None)])
def test_a_certificate_that_ends_is_reported_and_refuses_nothing(
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


def test_a_file_without_a_certificate_is_reported(secrets: Path) -> None:
    (secrets / preflight.CERTIFICATE).write_text("not a certificate")
    done = CliRunner().invoke(app, ["preflight", "--folder", str(secrets)])
    assert "kafka_certificate.pem cannot be read (ValueError)" in done.output


@pytest.mark.parametrize("key", ["an operator's key", "kunci-operator-dinas-ü"])
def test_an_operators_key_that_no_header_can_carry_is_refused(secrets: Path, key: str) -> None:
    (secrets / "operator_key").write_text(key, "utf-8")
    done = CliRunner().invoke(app, ["preflight", "--folder", str(secrets)])
    assert (done.exit_code, "secret operator_key has a blank" in done.output) == (1, True)
    assert key not in done.output


@pytest.mark.parametrize(
    ("uid_map", "kernel", "words"),
    [
        ("0 0 4294967295", "6.12.0-amd64", None),
        ("0 100000 65536", "6.12.0-amd64", "a rootless engine"),
        ("0 0 4294967295", "6.6.87-linuxkit", "Docker Desktop"),
        ("0 0 4294967295", "5.15.0-microsoft-standard-WSL2", "Docker Desktop"),
    ],
)
def test_an_engine_that_hides_the_clients_addresses_is_reported(
    tmp_path: Path, uid_map: str, kernel: str, words: str | None
) -> None:
    (tmp_path / "uid_map").write_text(f"         {uid_map}\n")
    (tmp_path / "osrelease").write_text(f"{kernel}\n")
    told = preflight.addresses_hidden(tmp_path / "uid_map", tmp_path / "osrelease")
    assert (told is None) if words is None else (words in str(told))
    assert preflight.addresses_hidden(tmp_path / "none", tmp_path / "osrelease") is None
