"""The log line of a store failure: a full disk is named with its runbook, other failures by their type."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from shared.db.database import fault_of, is_transient


def failed(sqlstate: str | None) -> DBAPIError:
    error = Exception("words of the store")
    if sqlstate is not None:
        error.sqlstate = sqlstate  # type: ignore[attr-defined]
    return DBAPIError("select 1", {}, error)


def test_a_full_disk_is_named_with_its_runbook_and_is_waited_for() -> None:
    error = failed("53100")
    assert fault_of(error) == {
        "error": "DBAPIError",
        "sqlstate": "53100",
        "cause": "the database's disk is full: docs/runbooks/database-full.md",
    }
    assert is_transient(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (failed("57P03"), {"error": "DBAPIError", "sqlstate": "57P03"}),
        (failed(None), {"error": "DBAPIError"}),
        (ConnectionRefusedError(), {"error": "ConnectionRefusedError"}),
    ],
)
def test_other_failures_are_named_by_their_type(error: BaseException, words: dict[str, str]) -> None:
    assert fault_of(error) == words
