"""Fixtures live in tests/fixtures, by subject."""

from hypothesis import settings

# A machine that is busy for a moment must not fail an example.
settings.register_profile("kinerja", deadline=None)
settings.load_profile("kinerja")

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.kafka",
    "tests.fixtures.backends",
    "tests.fixtures.workers",
]
