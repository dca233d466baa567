"""A city with an officer and the machine M1; a test that needs another one overrides `town`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from embedded.postgres import EmbeddedPostgres
from tests.integration.attendance.city import City, city, person


@pytest.fixture
async def town(embedded_postgres: EmbeddedPostgres) -> AsyncIterator[City]:
    async with city(embedded_postgres) as found:
        await found.import_lines(person())
        await found.machine()
        yield found
