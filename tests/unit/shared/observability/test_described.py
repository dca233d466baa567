"""The parts of an exception and of a library's message that may be logged, field by field."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.observability.log_safety import CHAIN_MAX, described, library_message, masked

HERE = "tests/unit/shared/observability/test_described.py"


class DriverError(Exception):
    """As a database driver's: fields without data, beside a message with data."""

    def __init__(self, **fields: str) -> None:
        super().__init__("duplicate key: (nip)=(198705122010012017)")
        for name, value in fields.items():
            setattr(self, name, value)


class WrappedError(Exception):
    """As SQLAlchemy's: `orig` is the driver's error."""

    def __init__(self, orig: Exception) -> None:
        super().__init__("(statement and parameters)")
        self.orig = orig


class ToldError(Exception):
    safe_to_log = True


def raised(raising: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any kind is described
        raising()
    return caught.value


def fail() -> None:
    raise ToldError("the file is missing")


def test_an_exception_has_its_type_its_places_and_its_text_if_that_is_safe() -> None:
    [found] = described(raised(fail))
    line = fail.__code__.co_firstlineno + 1
    assert found["type"].endswith("test_described.ToldError")
    assert found["words"] == "the file is missing"
    assert found["at"][-1] == f"{HERE}:{line} fail"
    assert described(ValueError("secret")) == [{"type": "ValueError", "at": []}]


FIELDS = {"sqlstate": "23505", "constraint_name": "employee_key", "table_name": "employee", "column_name": "nip"}


def test_a_databases_fields_are_found_on_the_error_its_origin_and_the_origins_cause() -> None:
    adapted = ValueError("adapter")
    adapted.__cause__ = DriverError(**FIELDS)
    for error in (DriverError(**FIELDS), WrappedError(DriverError(**FIELDS)), WrappedError(adapted)):
        found = described(error)[0]
        assert {name: found.get(name) for name in FIELDS} == FIELDS
    assert set(described(WrappedError(ValueError("x")))[0]) == {"type", "at"}


@pytest.mark.parametrize(
    ("error", "name"), [(OSError(errno.ENOENT, "x"), "ENOENT"), (OSError(99_999, "x"), "99999"), (OSError("x"), None)]
)
def test_an_error_of_the_system_has_the_name_of_its_number(error: OSError, name: str | None) -> None:
    assert described(error)[0].get("errno") == name


def test_the_members_of_a_group_are_described_up_to_five() -> None:
    found = described(ExceptionGroup("several", [KeyError("a"), *(ValueError("b") for _ in range(5))]))
    assert [[each["type"] for each in member] for member in found[0]["exceptions"]] == [
        ["KeyError"],
        *[["ValueError"]] * 4,
    ]


def while_handling(*, hidden: bool) -> None:
    try:
        raise KeyError("first")
    except KeyError:
        if hidden:
            raise ValueError("second") from None
        raise ValueError("second")  # noqa: B904 - the context is what is tested


def test_the_exception_that_was_being_handled_follows_unless_it_is_hidden() -> None:
    found = {hidden: described(raised(lambda: while_handling(hidden=hidden))) for hidden in (False, True)}  # noqa: B023
    assert [each["type"] for each in found[False]] == ["ValueError", "KeyError"]
    assert [each["type"] for each in found[True]] == ["ValueError"]


def test_a_long_chain_is_cut() -> None:
    error = last = ValueError(0)
    for number in range(1, 20):
        last.__cause__ = ValueError(number)
        last = last.__cause__
    assert len(described(error)) == CHAIN_MAX == 8


def message(name: str, text: Any, *args: Any, level: int = logging.WARNING, path: str = "/x/client.py") -> str:
    return library_message(logging.LogRecord(name, level, path, 7, text, args, None))


ROOT = Path(__file__).resolve().parents[4]
TRACE = (
    f'Task failed\n  File "{ROOT}/a.py", line 1, in outer\n  File "{ROOT}/b.py", line 22, in inner\nValueError: secret'
)


@pytest.mark.parametrize(
    ("name", "text", "args", "expected"),
    [
        ("py.warnings", f"{ROOT}/cli/main.py:12: UserWarning: secret", (), "UserWarning at cli/main.py:12"),
        ("py.warnings", "something secret", (), "a warning"),
        ("httpx", "%d of %d", (1, 2), "1 of 2"),
        ("httpx", "%(n)d parts", ({"n": 5},), "5 parts"),
        ("httpx", "for %(name)s", ({"name": "secret"},), "for %(name)s"),
        ("httpx", "for %s", ("secret",), "for %s"),
        ("asyncio", TRACE, (), "exception at b.py:22 inner < a.py:1 outer"),
        ("asyncio", "Task was destroyed: <secret>", (), "Task was destroyed"),
        ("asyncio", "<secret>", (), "asyncio: a message"),
        ("httpx", "secret", (), "httpx: a message of client.py:7"),
        ("httpx", ValueError("secret"), (), "httpx: ValueError"),
    ],
)
def test_a_librarys_message_is_logged_without_its_data(name: str, text: Any, args: Any, expected: str) -> None:
    assert message(name, text, *args) == expected


def test_the_brokers_client_is_quoted_from_info_up() -> None:
    assert message("aiokafka.client", "joined group g", level=logging.INFO) == "joined group g"
    assert message("aiokafka.client", "sent secret", level=logging.DEBUG) == "aiokafka.client: a message of client.py:7"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"secret", "[bytes]"),
        (bytearray(b"secret"), "[bytearray]"),
        (ValueError("secret"), "[ValueError]"),
        ({"budi@contoh.go.id": ["198705122010012017", 7]}, {"[address]": ["[number]", 7]}),
        (("198705122010012017",), ["[number]"]),
        (7, 7),
    ],
)
def test_values_are_masked_by_their_kind(value: object, expected: object) -> None:
    assert masked(value) == expected
