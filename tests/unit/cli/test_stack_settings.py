"""The preflight step checks .env, in .env's own names, and that containers can read their files."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.stack import preflight
from cli.stack.stack_settings import stack_faults, unreadable_files


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("KINERJA_TIMEZONE", "WIB", "TIMEZONE is 'WIB': write Asia/Jakarta"),
        ("KINERJA_KAFKA_BOOTSTRAP_SERVERS", "kafka", "KAFKA_BROKERS is 'kafka': "),
        ("KINERJA_NOTICE_RULES_FILE", "none.yaml", "NOTICE_RULES is 'none.yaml': "),
        ("KINERJA_FEEDBACK_RULES_FILE", "none.yaml", "FEEDBACK_RULES is 'none.yaml': "),
        ("KINERJA_DOMAIN", "https://x", "DOMAIN is 'https://x': "),
        ("KINERJA_DOMAIN", "a..b", "DOMAIN is 'a..b': "),
        ("KINERJA_DOMAIN", "[::::]", "DOMAIN is '[::::]': "),
        ("KINERJA_MACHINE_NETWORKS", "10.0.0.0/8,192.168.0.0/16", "MACHINE_NETWORKS is '10.0.0.0/8,192.168.0.0/16': "),
        ("KINERJA_KAFKA_HEAP_OPTS", "256m", "KAFKA_HEAP_OPTS is '256m': write "),
        ("KINERJA_KAFKA_EXTERNAL_PROTOCOL", "SSL", "KAFKA_EXTERNAL_PROTOCOL is 'SSL': "),
    ],
)
def test_a_wrong_value_of_env_ends_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, line: str
) -> None:
    for name in preflight.SECRETS:
        (tmp_path / name).write_text("s" * preflight.LENGTH_MIN)
    monkeypatch.setenv(variable, value)
    [told] = stack_faults()
    assert told.startswith(line)
    done = CliRunner().invoke(app, ["preflight", "--folder", str(tmp_path), "--mounted", str(tmp_path)])
    assert done.exit_code == 1
    assert done.output.splitlines() == [told, "the stack cannot start"]


def test_files_that_others_may_not_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deploy/kafka").mkdir(parents=True)
    (tmp_path / "deploy/postgres").mkdir()
    (tmp_path / "deploy/kafka/start.sh").write_text("")
    (tmp_path / "deploy/kafka/topics.yaml").write_text("")
    closed = {tmp_path / "deploy/kafka/start.sh", tmp_path / "deploy/postgres"}
    monkeypatch.setattr("os.access", lambda path, _mode: path not in closed)  # root may read everything
    assert list(unreadable_files(tmp_path / "deploy")) == ["deploy/kafka/start.sh", "deploy/postgres"]
