"""Commands print their own output only, and no warning of a library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from embedded.children import free_port

ROOT = Path(__file__).parents[3]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    """Runs it like an account without a desktop session."""
    without = {name: text for name, text in os.environ.items() if not name.startswith(("XDG_", "KINERJA_", "KAFKA_"))}
    return subprocess.run(command, env=without, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_start_and_the_commands_print_no_warning() -> None:
    programs = "from embedded.programs import postgres_programs; postgres_programs()"
    done = _run(sys.executable, "-c", f"import cli.main, embedded.up, sample.main; {programs}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_command_says_in_one_line_that_the_broker_is_away() -> None:
    address = f"127.0.0.1:{free_port()}"
    kinerja = str(Path(sys.executable).with_name("kinerja"))
    done = _run(kinerja, "topics", "verify", "--bootstrap", address)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"no broker answers at {address}: ")
