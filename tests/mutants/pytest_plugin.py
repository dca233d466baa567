"""Loaded into pytest while mutants run: the quick tests first, and Hypothesis does not shrink what it found."""

from __future__ import annotations

import gc

import pytest
from hypothesis import Phase, settings

settings.register_profile(
    "mutants", deadline=None, database=None, derandomize=True, phases=(Phase.explicit, Phase.generate)
)


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    settings.load_profile("mutants")


def pytest_sessionstart() -> None:
    gc.freeze()  # each mutant is a fork: a collection would copy the whole heap


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: getattr(getattr(item, "obj", None), "is_hypothesis_test", False))
