"""Which system the command uses, and the source of that setting."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from shared.secret_files import SECRETS_DIR

__all__ = ["CONNECT_FILE", "Connection", "connection", "folders", "read_connection"]

CONNECT_FILE = "connect.env"
ENVIRONMENT = "the environment"


@dataclass(frozen=True, slots=True)
class Connection:
    """Settings by name, and the source of each."""

    values: dict[str, str]
    sources: dict[str, str]

    def source(self, name: str) -> str:
        """`the environment`, a file, or `nowhere`."""
        return self.sources.get(name, "nowhere")


def folders() -> list[Path]:
    """The folders where connect.env is searched; the first one that has it counts."""
    return [Path(os.environ["DATA"])] if os.environ.get("DATA") else [Path("var"), Path("var/compose")]


def read_connection() -> Connection:
    """KINERJA_URL, KINERJA_OPERATOR_KEY, KAFKA_BOOTSTRAP_SERVERS and others: from the environment, else from connect.env.

    Inside the stack the operator's key is a secret file. Raises OSError for a file that may not be read.
    """
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    for path in (folder / CONNECT_FILE for folder in folders()):
        if path.is_file():
            lines = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
            values = {name.strip(): value.strip() for name, _, value in lines}
            sources = dict.fromkeys(values, str(path))
            break
    key = SECRETS_DIR / "kinerja_operator_key"
    if key.is_file():
        values["KINERJA_OPERATOR_KEY"] = key.read_text()
        sources["KINERJA_OPERATOR_KEY"] = str(key)
    own = {name: value for name, value in os.environ.items() if name.startswith(("KINERJA_", "KAFKA_"))}
    return Connection(values | own, sources | dict.fromkeys(own, ENVIRONMENT))


def connection() -> dict[str, str]:
    """The settings alone."""
    return read_connection().values
