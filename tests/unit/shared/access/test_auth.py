"""How a token check uses the table's row, without a table."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from shared.access import auth
from shared.access.auth import Authenticator, Principal, secret_digest
from shared.base.clock import FakeClock
from shared.errors.errors import UnavailableError

NOW = datetime(2026, 8, 4, 3, 0, tzinfo=UTC)
KEY_ID = uuid4()


def row(**changes: Any) -> SimpleNamespace:
    values = {
        "id": KEY_ID, "name": "hris", "scopes": ["scores:read"], "employee_id": None, "org_unit_ids": None, "machines": None,
        "secret_sha256": secret_digest("right"), "expires_at": NOW + timedelta(days=1), "last_used_at": NOW,
    }  # fmt: skip
    return SimpleNamespace(**(values | changes))


class Store:
    """Returns a row, then records the use if `writes` is true."""

    def __init__(self, found: SimpleNamespace | None, *, writes: bool = True) -> None:
        self.found, self.writes, self.asked = found, writes, 0

    async def __call__(self, _work: Any) -> Any:
        self.asked += 1
        if self.asked == 1:
            return self.found
        if not self.writes:
            raise UnavailableError("the disk is full")
        return None


async def ask(store: Store, token: str) -> Principal | None:
    return await Authenticator("operator-key-of-the-tests", FakeClock(NOW)).principal(token, store)


async def test_an_unknown_id_costs_what_a_wrong_secret_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(len(other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    counts = []
    for found in (None, row()):
        compared.clear()
        assert await ask(Store(found), f"{KEY_ID}.wrong") is None
        counts.append(list(compared))
    assert counts[0] == counts[1] == [32, 32]


async def test_the_secret_opens_and_the_end_closes() -> None:
    found = await ask(Store(row()), f"{KEY_ID}.right")
    assert found is not None
    assert (found.name, found.scopes, found.is_operator) == ("hris", frozenset({"scores:read"}), False)
    assert await ask(Store(row(expires_at=NOW)), f"{KEY_ID}.right") is None
    assert await ask(Store(None), "no-uuid.right") is None


async def test_a_store_that_takes_no_writes_still_lets_a_reader_in() -> None:
    unnoted = Store(row(last_used_at=None), writes=False)
    assert await ask(unnoted, f"{KEY_ID}.right") is not None
    assert unnoted.asked == 2


@pytest.mark.parametrize(
    ("units", "unit", "reached"),
    [(None, "u1", True), (None, None, True), ({"u1"}, "u1", True), ({"u1"}, "u2", False), ({"u1"}, None, False)],
)
def test_a_limited_key_reaches_its_units_alone(units: set[str] | None, unit: str | None, reached: bool) -> None:
    principal = Principal("hris", org_unit_ids=None if units is None else frozenset(units))
    assert principal.reaches_unit(unit) is reached


def test_the_operator_has_every_scope_and_a_key_its_own() -> None:
    assert auth.OPERATOR.has("anything")
    assert not Principal("x", frozenset({"days:read"})).has("scores:read")


async def test_a_key_that_has_just_been_used_opens_with_its_own_secret_only() -> None:
    authenticator = Authenticator("operator-key-of-the-tests", FakeClock(NOW))
    assert await authenticator.principal(f"{KEY_ID}.right", Store(row())) is not None
    for wrong in ("wrong", "", "right.", "Right"):
        assert await authenticator.principal(f"{KEY_ID}.{wrong}", Store(row())) is None


async def test_a_revoked_key_in_steady_use_ends_within_the_cache_time(monkeypatch: pytest.MonkeyPatch) -> None:
    authenticator, table = Authenticator("operator-key-of-the-tests", FakeClock(NOW)), [row()]

    async def first_row(_work: Any) -> Any:
        return next(iter(table), None)

    accepted = []
    for second in range(20):
        monkeypatch.setattr(auth.time, "monotonic", lambda at=600.0 + second: at)
        if await authenticator.principal(f"{KEY_ID}.right", first_row) is not None:
            accepted.append(second)
        table.clear()  # revoked just after its first use
    assert 0 in accepted
    assert max(accepted) < auth.CACHE_SECONDS
