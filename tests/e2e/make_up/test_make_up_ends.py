"""`make up` ends, and says why: a setting that it cannot use, a part that dies."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from embedded.children import free_port
from tests.e2e.make_up.made_up import ROOT, made_up, plain_environment, short_folder

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine"),
]


@pytest.mark.parametrize(
    ("setting", "value", "right"),
    [
        ("PORT", "abc", "a port between 1 and 65535"),
        ("PORT", "²", "a port between 1 and 65535"),
        ("SAMPLE", "maybe", "yes or no"),
        ("DATA", "/etc/passwd", "a folder that can be created here"),
        ("KINERJA_TIMEZONE", "WIB", "Asia/Jakarta"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_it_with_one_line(setting: str, value: str, right: str) -> None:
    made = subprocess.run(
        ["make", "up"],
        cwd=ROOT,
        env=plain_environment() | {setting: value},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = made.stdout + made.stderr
    assert made.returncode == 2  # make's own status where a program failed
    [line] = [line for line in told.splitlines() if setting in line]
    assert line.startswith(f"{setting} is {value!r}: ")
    assert right in line
    assert "Traceback" not in told
    assert "starting" not in told


@pytest.mark.parametrize(("program", "name"), [("tansu", "the broker"), ("postgres", "Postgres")])
def test_it_ends_and_says_so_when_its_broker_or_database_dies(program: str, name: str) -> None:
    with short_folder() as data, made_up(data, free_port(), free_port(), sample=False) as running:
        running.ready()
        running.kill_child(program)
        running.wait_for("line about the end", lambda line: line.startswith(f"{name} has ended (Killed)"), 10)
        assert running.status() == 2  # make's own status where a program ends with another status than 0
    assert "stopped" not in running.lines
    assert "Traceback" not in "\n".join(running.lines)
