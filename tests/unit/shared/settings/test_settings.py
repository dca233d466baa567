"""An invalid setting gives one line: its name, its value and what is valid; never a secret's value."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from services.attendance.settings import Settings as AttendanceSettings
from services.feedback.settings import Settings as FeedbackSettings
from services.notifications.settings import Settings as NotificationsSettings
from services.scoring.settings import Settings as ScoringSettings
from shared.settings.reader import SettingsError, read_settings, settings_faults
from shared.settings.settings import BaseSettings, KafkaSettings, LogSettings

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("kind", "name", "value", "right"),
    [
        (ScoringSettings, "TIMEZONE", "WIB", "write Asia/Jakarta"),
        (ScoringSettings, "TIMEZONE", "asia/makassar", "write Asia/Makassar"),
        (ScoringSettings, "TIMEZONE", "Jakarta", "as in Asia/Jakarta"),
        (ScoringSettings, "TIMEZONE", "../etc/passwd", "as in Asia/Jakarta"),
        (ScoringSettings, "TIMEZONE", "Etc/GMT+7", "as in Asia/Jakarta"),
        (ScoringSettings, "PUBLIC_URL", "https://a..b", "https://"),
        (ScoringSettings, "PUBLIC_URL", "https://kinerja.example.go.id//", "https://"),
        (ScoringSettings, "PUBLIC_URL", "https://kinerja.example.go.id/%zz", "https://"),
        (ScoringSettings, "PUBLIC_URL", "kinerja.example.go.id", "https://"),
        (ScoringSettings, "PUBLIC_URL", "http://host:0", "https://"),
        (ScoringSettings, "PUBLIC_URL", "http://a b", "https://"),
        (ScoringSettings, "PUBLIC_URL", "https://kinerja.example.go.id ", "https://"),
        (ScoringSettings, "PUBLIC_URL", "https://kinerja.example.go.id/\x1b[31m", "https://"),
        (ScoringSettings, "PUBLIC_URL", 'https://kinerja.example.go.id/"<', "https://"),
        (KafkaSettings, "KAFKA_EXTERNAL_ADDRESS", "x y", "host:port"),
        (ScoringSettings, "LINK_DAYS", "0", "greater than or equal to 1"),
        (ScoringSettings, "LINK_DAYS", "thirty", "valid integer"),
        (ScoringSettings, "TRUSTED_PROXIES", "proxy", "10.20.0.0/16"),
        (ScoringSettings, "SCORING_POLICY_FILE", "rules/notices/default.yaml", "policy: line 5: unknown "),
        (KafkaSettings, "KAFKA_BOOTSTRAP_SERVERS", "kafka", "host:port"),
        (KafkaSettings, "KAFKA_BOOTSTRAP_SERVERS", "kafka:9092,kafka2:99999", "host:port"),
        (KafkaSettings, "KAFKA_REPLICATION_FACTOR", "three", "valid integer"),
        (AttendanceSettings, "MACHINE_NETWORKS", "10.20.0.0/33", "10.20.0.0/16"),
        (AttendanceSettings, "MACHINE_HOST", "http://x", "host name"),
        (
            AttendanceSettings,
            "WEEK_SCHEDULE_FILE",
            "rules/notices/default.yaml",
            "known are days, effective_from, kind, name",
        ),
        (FeedbackSettings, "FEEDBACK_RULES_FILE", "rules/none.yaml", "a file that can be read"),
        (NotificationsSettings, "NOTICE_RULES_FILE", "rules/feedback/default.yaml", "notice rules"),
        (NotificationsSettings, "SMTP_PORT", "smtp", "valid integer"),
        (LogSettings, "LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_wrong_setting_is_one_line_with_its_name_and_value(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseSettings], name: str, value: str, right: str
) -> None:
    monkeypatch.chdir(ROOT)
    assert settings_faults(kind) == []
    monkeypatch.setenv(f"KINERJA_{name}", value)
    [line] = settings_faults(kind)
    assert line.startswith(f"KINERJA_{name} is {value!r}: ")
    assert right in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (ScoringSettings, "PUBLIC_URL", "https://user:hidden@host"),
        (ScoringSettings, "PUBLIC_URL", "https://user:hid/den#hidden@host"),
        (KafkaSettings, "KAFKA_BOOTSTRAP_SERVERS", "user:hidden@kafka:9092"),
    ],
)
def test_a_password_in_an_address_is_never_reported(
    monkeypatch: pytest.MonkeyPatch, kind: type[BaseSettings], name: str, value: str
) -> None:
    monkeypatch.setenv(f"KINERJA_{name}", value)
    [line] = settings_faults(kind)
    assert "***@" in line
    assert "hid" not in line


@pytest.mark.parametrize("name", ["PUBLIC_URL", "TRUSTED_PROXIES"])
def test_a_long_value_is_shortened(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"KINERJA_{name}", "x" * 3000)
    [line] = settings_faults(ScoringSettings)
    assert len(line) < 600
    assert " ... " in line


def test_every_error_of_a_rule_file_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    week = (ROOT / "rules/attendance/week-schedule.yaml").read_text(encoding="utf-8").replace(" end:", " ende:")
    (tmp_path / "week.yaml").write_text(week, encoding="utf-8")
    monkeypatch.setenv("KINERJA_WEEK_SCHEDULE_FILE", str(tmp_path / "week.yaml"))
    [fault] = settings_faults(AttendanceSettings)
    _, _, faults = fault.partition("week schedule: ")
    known = "unknown ende; known are break_end, break_minutes, break_start, end, start"
    lines = {day: number for number, line in enumerate(week.splitlines(), 1) for day in [line.split(":")[0].strip()]}
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    assert faults == "; ".join(f"line {lines[day]}, days.{day}: {known}" for day in days)


def test_what_is_left_out_of_a_long_message_is_whole_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(130)]
    (tmp_path / "week.yaml").write_text(f"a: 1\n{' '.join(words)}: 1\n{' '.join(words)}: 2\n", encoding="utf-8")
    monkeypatch.setenv("KINERJA_WEEK_SCHEDULE_FILE", str(tmp_path / "week.yaml"))
    [fault] = settings_faults(AttendanceSettings)
    start, end = fault.split(": ", 1)[1].split(" ... ")
    assert set(start.split()) <= set(words)
    assert end.endswith("is there twice, in lines 2 and 3: remove one")


def test_a_secrets_value_is_never_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINERJA_DATABASE_URL", "mysql://user:hidden@host/database")
    with pytest.raises(SettingsError) as caught:
        read_settings(ScoringSettings)
    assert "KINERJA_DATABASE_URL cannot be used: write postgresql+asyncpg://" in str(caught.value)
    assert "KINERJA_OPERATOR_KEY is not set" in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "command", [("serve", "scoring"), ("canary",), ("topics", "verify", "--bootstrap", "127.0.0.1:9")]
)
def test_a_command_ends_with_the_line_and_without_a_traceback(command: tuple[str, ...]) -> None:
    wrong = {"KINERJA_TIMEZONE": "WIB", "KINERJA_KAFKA_REPLICATION_FACTOR": "0"}
    run = [sys.executable, "-m", "cli.main", *command]
    done = subprocess.run(run, cwd=ROOT, env=wrong, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "KINERJA_" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert all(line.startswith("KINERJA_") for line in done.stderr.splitlines())
