"""Our scripts read .env as Docker Compose does, or refuse what they would read differently."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOTENV = f'. "{ROOT}/deploy/dotenv.sh"; value=$(dotenv SECRETS deploy/secrets) || exit 1; echo "$value"'
WITHOUT = ("sed", "tail", "tr", "env")
COMPOSE = (
    shutil.which("docker") is not None
    and not subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=60, check=False).returncode
)


def read(folder: Path, *, compose: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """What deploy/dotenv.sh reads of the .env in a folder, with or without a Docker Compose on this machine."""
    path = os.environ["PATH"]
    if not compose:
        (folder / "bin").mkdir(exist_ok=True)
        for name in WITHOUT:
            if not (folder / "bin" / name).exists():
                (folder / "bin" / name).symlink_to(shutil.which(name) or name)
        path = str(folder / "bin")
    return subprocess.run(
        ["/bin/sh", "-euc", DOTENV],
        cwd=folder,
        env={"HOME": os.environ["HOME"], "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def by_compose(folder: Path) -> str:
    """Where Compose itself would look for a secret of the stack."""
    (folder / "docker-compose.yml").write_text(
        "services: {x: {image: x, secrets: [s]}}\nsecrets: {s: {file: '${SECRETS:-./deploy/secrets}/s'}}\n"
    )
    order = ["docker", "compose", "config", "--format", "json"]
    done = subprocess.run(order, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    [line] = [line for line in done.stdout.splitlines() if '"file":' in line]
    return line.split('"')[3].removesuffix("/s").replace("$$", "$")  # Compose doubles $


@pytest.mark.skipif(not COMPOSE, reason="no docker compose on this machine")
@pytest.mark.parametrize(
    "line",
    [
        "SECRETS=${HOME}/mine", "SECRETS=$HOME/mine", "SECRETS=~/mine", 'SECRETS="/a b/é" # theirs', "SECRETS=./mine   # theirs",
        "SECRETS=${NOT_SET:-/x}/mine", "SECRETS='/a#b/${HOME}'", "NAME=mine\nSECRETS=/srv/${NAME}", "export SECRETS=/x\r",
        "SECRETS=", "", "SECRETS=/old\nSECRETS=/new", "SECRETS = /x",
    ],
)  # fmt: skip
def test_a_path_is_read_as_compose_reads_it(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"PORT=8081\n{line}\n", newline="")
    done = read(tmp_path)
    assert done.returncode == 0, done.stderr
    assert str((tmp_path / done.stdout.strip()).resolve()) == by_compose(tmp_path)


@pytest.mark.skipif(not COMPOSE, reason="no docker compose on this machine")
def test_what_compose_cannot_read_ends_the_script_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRETS=${HOME\n")
    done = read(tmp_path)
    assert done.returncode == 1
    assert "Invalid template" in done.stderr


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("SECRETS=/mine # x", "/mine"),
        ('SECRETS="/a # b" # x', "/a # b"),
        ("SECRETS='/a'\r", "/a"),
        ("", "deploy/secrets"),
    ],
)
def test_without_compose_plain_values_are_read(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\n", newline="")
    assert read(tmp_path, compose=False).stdout == f"{value}\n"
    assert read(tmp_path, compose=False, SECRETS="/given").stdout == "/given\n"


@pytest.mark.parametrize("line", ["SECRETS=${HOME}/mine", "SECRETS=$HOME/mine", 'SECRETS="a\\nb"'])
def test_without_compose_what_only_compose_can_read_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"{line}\n")
    done = read(tmp_path, compose=False)
    assert done.returncode == 1
    [told] = done.stderr.splitlines()
    assert told.startswith("SECRETS in .env is ")
    assert done.stdout == ""
