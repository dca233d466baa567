"""Fixtures live in tests/fixtures, by subject."""

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.kafka", "tests.fixtures.backends"]
