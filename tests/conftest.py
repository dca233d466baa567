"""Fixtures live in tests/fixtures, by subject."""

import sys

import structlog
from hypothesis import settings

# A machine that is busy for a moment must not fail an example.
settings.register_profile("kinerja", deadline=None)
settings.load_profile("kinerja")

# Not to sys.stdout: while a test invokes a command in a thread, that is the command's output.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
# The default traceback, in colour and with local variables, takes 50 ms of computing.
structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback

pytest_plugins = [
    "tests.fixtures.stores.postgres",
    "tests.fixtures.stores.kafka",
    "tests.fixtures.stores.backends",
    "tests.fixtures.typed_rows",
    "tests.fixtures.workers",
]
