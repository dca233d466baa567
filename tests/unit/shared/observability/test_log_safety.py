"""A log of any failure says where and what kind, and never contains personal data."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import aiosmtplib
import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel
from sqlalchemy import exc

from services.feedback.settings import Settings
from shared.errors.errors import InvalidError, UnavailableError
from shared.observability import logs
from shared.observability.log_safety import described, masked, safe_message
from tests.fixtures.logs import captured_logs

NAME, NIP, MAIL = "Rumiati Sikumbang", "198705122010012017", "rumiati@example.go.id"
TOKEN = "k3Yl0nG_tOkEn-of-a-form0123456789abcdefghi"
PLANTED = (NAME, "Rumiati", "Sikumbang", NIP, MAIL, TOKEN)

Written = Callable[[], str]


@pytest.fixture
def written() -> Iterator[Written]:
    """What was logged since."""
    with captured_logs() as out:
        yield out.getvalue


def assert_clean(words: str) -> None:
    for secret in PLANTED:
        assert secret not in words, words


class Person(BaseModel):
    age: int


class DriverError(Exception):
    """As asyncpg's: the detail quotes the row."""

    sqlstate = "23505"
    constraint_name = "employee_nip_key"
    detail = f"Key (nip)=({NIP}) already exists."

    def __str__(self) -> str:
        return f'duplicate key value violates unique constraint "employee_nip_key"\nDETAIL: {self.detail}'


def refused_mail() -> None:
    refused = aiosmtplib.SMTPRecipientRefused(550, f"unknown user {MAIL}", MAIL)
    raise aiosmtplib.SMTPRecipientsRefused([refused])


def database_error() -> None:
    statement = "insert into employee (nip, name) values ($1, $2)"
    raise exc.IntegrityError(statement, (NIP, NAME), DriverError())


def validation() -> None:
    Person.model_validate({"age": NAME})


def lookup() -> None:
    {}[NAME]  # type: ignore[index]


def in_a_group() -> None:
    raise ExceptionGroup(NAME, [ValueError(NIP), ExceptionGroup(MAIL, [KeyError(TOKEN)])])


def caused() -> None:
    try:
        lookup()
    except KeyError as error:
        raise RuntimeError(f"no officer {NAME}") from error


FAILURES = [refused_mail, database_error, validation, lookup, in_a_group, caused]


@pytest.mark.parametrize("fail", FAILURES)
def test_an_exception_is_logged_without_its_message_and_with_its_places(
    written: Written, fail: Callable[[], None]
) -> None:
    local = NAME  # noqa: F841 - a frame's locals are not logged either
    try:
        fail()
    except Exception:
        logs.logger("test").exception("request_failed")
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    for line in written().splitlines():
        entry = json.loads(line)
        assert entry["exception"][0]["type"]
        assert "tests/unit/shared/observability/test_log_safety.py:" in str(entry["exception"])
        assert fail.__name__ in entry["exception"][0]["at"][-1] or "pydantic" in str(entry)
    assert len(written().splitlines()) == 2
    assert_clean(written())


def test_what_a_database_says_without_data_is_kept() -> None:
    with pytest.raises(exc.IntegrityError) as caught:
        database_error()
    [found] = described(caught.value)[:1]
    assert (found["type"], found["sqlstate"], found["constraint_name"]) == (
        "sqlalchemy.exc.IntegrityError", "23505", "employee_nip_key",
    )  # fmt: skip


def test_causes_are_followed_and_a_ring_ends() -> None:
    one, two = ValueError("a"), KeyError("b")
    one.__cause__, two.__cause__ = two, one
    assert [item["type"] for item in described(one)] == ["ValueError", "KeyError"]


def test_only_messages_that_never_hold_data_are_words() -> None:
    assert safe_message(KafkaConnectionError("no broker answers")) == "KafkaConnectionError: no broker answers"
    assert safe_message(UnavailableError("The store does not answer.")) == "The store does not answer."
    assert safe_message(InvalidError(f"`name`: {NAME}")) is None
    assert safe_message(ConnectionRefusedError(111, f"Connect call failed {NAME}")) is None


@pytest.mark.parametrize(
    ("name", "message", "arguments", "expected"),
    [
        ("uvicorn.error", '%s - "WebSocket %s" 403', ("198.51.100.7:1", f"/f/{TOKEN}"), '%s - "WebSocket %s" 403'),
        ("uvicorn.error", "Started server process [%d]", (7,), "Started server process [7]"),
        ("uvicorn.error", "Invalid HTTP request received.", (), "Invalid HTTP request received"),
        ("mail.log", "%r recip: %s", (("127.0.0.1", 1), MAIL), "%r recip: %s"),
        ("aiosmtplib", f"refused {MAIL}", (), "aiosmtplib: a message of test_log_safety.py:1"),
        ("asyncio", f"Task exception was never retrieved\nfuture: {NAME}", (), "Task exception was never retrieved"),
        ("aiokafka.conn", "Unable connect to %s", ("kafka:9092",), "Unable connect to kafka:9092"),
        ("faststream", f"ValueError: {NAME}", (), "faststream: a message of test_log_safety.py:1"),
        ("other", ValueError(NAME), (), "other: ValueError"),
    ],
)
def test_a_librarys_message_is_kept_as_its_source_has_it(
    written: Written, name: str, message: Any, arguments: tuple[Any, ...], expected: str
) -> None:
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, None)
    logging.getLogger().handle(record)
    assert json.loads(written())["event"] == expected
    assert_clean(written())


def test_debugging_does_not_print_what_the_broker_is_sent(written: Written) -> None:
    record = logging.LogRecord("aiokafka.conn", logging.DEBUG, __file__, 1, "Request %s", (NAME,), None)
    logging.getLogger().handlers[0].handle(record)
    assert_clean(written())


def test_a_traceback_that_a_library_made_text_of_keeps_its_places_only(written: Written) -> None:
    places = f'  File "/x/site-packages/a/b.py", line 7, in f\n    g("{NAME}")\n'
    text = f"Traceback (most recent call last):\n{places}ValueError: {NIP}\n{NAME}"
    logging.getLogger("uvicorn.error").error(text)
    assert json.loads(written())["event"] == "exception at a/b.py:7 f"


async def test_a_task_that_nobody_waits_for_is_told_without_its_words(written: Written) -> None:
    async def fail() -> None:
        raise ValueError(f"{NAME} {NIP}")

    task: asyncio.Task[None] | None = asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
    assert "Task exception was never retrieved" in written()
    assert_clean(written())


def test_a_warning_is_reported_by_its_kind_and_place(written: Written) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"odd value {NAME}", UserWarning, stacklevel=1)
    assert json.loads(written())["event"].startswith(
        "UserWarning at tests/unit/shared/observability/test_log_safety.py:"
    )
    assert_clean(written())


def test_the_last_guard_takes_out_what_should_not_have_come_so_far(written: Written) -> None:
    key = "0198f3a2-5c1e-7b44-9d0a-3f6c1e2b7a90.dGhpcyBpcyBhIHNlY3JldCBvZiBhIGtleQ"
    slips = [
        f"/f/{TOKEN}", f"http://h/my/{TOKEN}?a=b", f"/notices/inbox/{TOKEN}", MAIL, NIP, "19870512 201001 2 017", key,
        f"Bearer {TOKEN}", f"postgresql://u:{TOKEN}@h/d", {"nested": [MAIL, {NIP}]}, NIP.encode(), ValueError(NAME),
    ]  # fmt: skip
    for slip in slips:
        logs.logger("test").info("slip", detail=slip)
    assert len(written().splitlines()) == len(slips)
    assert_clean(written())
    assert key.partition(".")[2] not in written()
    assert "2010" not in re.sub(r'"timestamp": "[^"]*"', "", written())  # whose microseconds may have these digits
    assert masked("route /f/{token} and docs/runbooks/secrets.md") == "route /f/{token} and docs/runbooks/secrets.md"


def test_what_ends_a_process_is_logged_the_same_way() -> None:
    code = f"from shared.observability import logs; logs.configure(); logs.log_uncaught(); raise ValueError('{NAME} {NIP}')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    [line] = done.stdout.splitlines()
    assert json.loads(line)["exception"][0]["type"] == "ValueError"
    assert_clean(done.stdout + done.stderr)
    assert done.stderr == ""


def test_a_command_that_crashes_prints_no_locals() -> None:
    code = (
        "from cli.main import app\n"
        "@app.command()\n"
        f"def crash() -> None:\n    key = '{TOKEN}'\n    raise ValueError('x')\n"
        "app(['crash'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ValueError" in done.stderr
    assert TOKEN not in done.stdout + done.stderr.replace(f"key = '{TOKEN}'", "", 1)


def test_a_setting_that_is_missing_is_named_and_the_others_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("DATABASE_URL", "postgresql://u@h/d"), ("OPERATOR_KEY", TOKEN), ("BALLOT_KEY", TOKEN)):
        monkeypatch.setenv(f"KINERJA_{name}", value)
    with pytest.raises(ValueError, match="link_key") as caught:
        Settings()
    assert TOKEN not in str(caught.value)
