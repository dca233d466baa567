"""How exceptions and messages of libraries are logged: type and place, never personal data.

Exception messages quote data: a driver the row, a mail client the address, a validator the input. So the log has an
exception's type, its traceback places, and a database's data-free fields (SQLSTATE, constraint). A library's message is
logged as the template in its source, without the arguments.
"""

from __future__ import annotations

import errno
import logging
import re
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["described", "library_message", "masked", "safe_message"]

CHAIN_MAX = 8
FRAMES_MAX = 30
GROUP_MAX = 5
TEXT_CHARS_MAX = 2_000

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = re.compile(r"^.*/(?:site-packages|lib/python3\.\d+)/")
_IN_TRACEBACK = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_WARNING = re.compile(r"(.+?):(\d+): (\w+)")
_LEADING_WORDS = re.compile(r"[A-Za-z][A-Za-z !'-]*")

_QUOTING = ("aiokafka", "alembic")
"""Libraries whose messages are about topics, groups, brokers and revisions: logged unchanged, from INFO up."""
_PLAIN = ("uvicorn", "asyncio")
"""Libraries whose messages begin with a fixed text."""

_MASKS = (
    (re.compile(r"/(f|my|notices/inbox)/(?!\{)[^\s\"'<>?#,;)\]}]+"), r"/\1/[withheld]"),
    (re.compile(r"://[^/\s@]+@"), "://[withheld]@"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[address]"),
    (re.compile(r"(?<!\d)\d{8} ?\d{6} ?\d ?\d{3}(?!\d)"), "[number]"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[\w-]{20,}"), "[key]"),
    (re.compile(r"\b[Bb]earer +\S+"), "Bearer [key]"),
)


def safe_message(error: BaseException) -> str | None:
    """The exception's message, if its type never contains data: the broker's errors, and ours that declare it."""
    of_broker = any(base.__module__ == "aiokafka.errors" for base in type(error).__mro__)
    if of_broker or getattr(error, "safe_to_log", False):
        return masked(str(error))[:TEXT_CHARS_MAX] or None
    return None


def described(error: BaseException) -> list[dict[str, Any]]:
    """The exception and its causes, the latest first, in a form that may be logged."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(found) < CHAIN_MAX:
        seen.add(id(current))
        found.append(_one(current))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return found


def library_message(record: logging.LogRecord) -> str:
    """The part of a library's record that may be logged."""
    if not isinstance(record.msg, str):
        return f"{record.name}: {type(record.msg).__name__}"
    family = record.name.partition(".")[0]
    if record.name == "py.warnings":
        found = _WARNING.match(record.getMessage())
        return f"{found[3]} at {_place(found[1], found[2], '')}".strip() if found else "a warning"
    if family in _QUOTING and record.levelno >= logging.INFO:
        return record.getMessage()
    if record.args:
        values = record.args.values() if isinstance(record.args, Mapping) else record.args
        return record.getMessage() if all(type(value) in (int, float) for value in values) else record.msg
    if family in _PLAIN:
        places = _IN_TRACEBACK.findall(record.msg)
        if places:
            return f"exception at {' < '.join(_place(*place) for place in places[::-1])}"
        text = _LEADING_WORDS.match(record.msg)
        return text[0].strip() if text else f"{record.name}: a message"
    return f"{record.name}: a message of {Path(record.pathname).name}:{record.lineno}"


def masked(value: Any) -> Any:
    """The value with links, addresses, NIPs and keys removed from its texts; bytes and exceptions become their type.

    The last safeguard: normally it finds nothing to remove.
    """
    if isinstance(value, str):
        for pattern, instead in _MASKS:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        return {masked(name): masked(content) for name, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview | BaseException):
        return f"[{type(value).__name__}]"
    return value


def _one(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    found: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")}
    if text := safe_message(error):
        found["words"] = text
    origin = getattr(error, "orig", None) or error
    for name in ("sqlstate", "constraint_name", "table_name", "column_name"):
        cause = origin if getattr(origin, name, None) else getattr(origin, "__cause__", None)
        if isinstance(value := getattr(cause, name, None), str):
            found[name] = value
    if isinstance(error, OSError) and error.errno is not None:
        found["errno"] = errno.errorcode.get(error.errno, str(error.errno))
    if isinstance(error, BaseExceptionGroup):
        found["exceptions"] = [described(one) for one in error.exceptions[:GROUP_MAX]]
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    found["at"] = [_place(frame.filename, frame.lineno or 0, frame.name) for frame in frames]
    return found


def _place(file: str, line: int | str, function: str) -> str:
    path = Path(file)
    short = str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else file
    return f"{_PACKAGES.sub('', short)}:{line} {function}"
