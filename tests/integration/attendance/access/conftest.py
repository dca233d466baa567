"""A city with an officer and the machine S1, for the tests of access."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.access.device import settled
from tests.integration.attendance.city import City


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with settled(embedded_postgres) as found:
        yield found
