"""Which system the command uses, and the source of that setting."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from cli.terminal import fail
from shared.settings.secret_files import SECRETS_DIR

__all__ = ["CONNECT_FILE", "Connection", "connection", "folders", "read_connection"]

CONNECT_FILE = "connect.env"
ENVIRONMENT = "the environment"
_LINE = re.compile(
    r"""\s*
    ((export\s+)? (?P<name>\w+) \s*=\s*
      ( (?P<quote>["']) (?P<quoted>.*?) (?P=quote)
      | (?P<bare> ((?<==)\#|[^"'\#\s]) (.*?\S)?? )
      )?
    )?
    (\s* | (^|\s+)\#.*)""",
    re.VERBOSE,
)


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

    Inside the stack the operator's key is a secret file. Raises OSError for a file that may not be read; a file with other
    contents ends the command.
    """
    values: dict[str, str] = {}
    sources: dict[str, str] = {}
    for path in (folder / CONNECT_FILE for folder in folders()):
        if path.is_file():
            values = _values(path)
            sources = dict.fromkeys(values, str(path))
            break
    key = SECRETS_DIR / "kinerja_operator_key"
    if key.is_file():
        values["KINERJA_OPERATOR_KEY"] = _text(key)
        sources["KINERJA_OPERATOR_KEY"] = str(key)
    own = {name: value for name, value in os.environ.items() if name.startswith(("KINERJA_", "KAFKA_"))}
    return Connection(values | own, sources | dict.fromkeys(own, ENVIRONMENT))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise fail(f"{path} is not UTF-8: write it again, or save it as UTF-8") from None


def _values(path: Path) -> dict[str, str]:
    """NAME=value lines as a shell reads them: `export`, quotes around a value, and comments are allowed."""
    values = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise fail(f"{path}, line {number}, is not NAME=value, with quotes around the whole value or without any")
        if found["name"]:
            values[found["name"]] = found["quoted"] if found["quote"] else found["bare"] or ""
    return values


def connection() -> dict[str, str]:
    """The settings alone."""
    return read_connection().values
