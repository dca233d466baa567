"""Rule sets as documents: YAML (or JSON) text from an operator, read within limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from shared.errors.errors import InvalidError

__all__ = ["DOCUMENT_BYTES_MAX", "read_document"]

DOCUMENT_BYTES_MAX = 100_000
"""The default rule sets have less than 3,000."""
DEPTH_MAX = 20
"""Nested mappings and lists; the default rule sets have four levels. The reader is recursive and fails on deeper text."""
PARTS_MAX = 10_000
"""YAML events (start and end of mappings and lists, keys, values): building objects from so many takes 0.1 s."""
SCALAR_CHARS_MAX = 1_000
"""Length of one key or value: parsing a number like 1:59:59:… takes time that grows with the square of its length."""

# libyaml: the Python parser takes seconds for brackets alone, and blocks all other requests.
_LOADER = yaml.CSafeLoader


def read_document(words: bytes | str) -> Mapping[str, Any]:
    """A YAML (or JSON) document whose root is a mapping, without tags and aliases.

    Raises InvalidError with the fault and its place.
    """
    try:
        _check_bounds(words)
        document = yaml.load(words, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        where = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        raise InvalidError(f"The document is not YAML: {error.problem}{where}.") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise InvalidError(
            f"The document is not YAML: {type(error).__name__}. Send UTF-8 text, with valid numbers and dates."
        ) from error
    if not isinstance(document, dict):
        raise InvalidError("The document must be a mapping of names to values, like the default rule set.")
    return document


def _check_bounds(words: bytes | str) -> None:
    """Checks the limits before objects are built. Raises InvalidError, and YAMLError or ValueError if it is not YAML."""
    depth = 0
    for count, event in enumerate(yaml.parse(words, Loader=_LOADER)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        line = event.start_mark.line + 1 if event.start_mark else 1
        if depth > DEPTH_MAX:
            raise InvalidError(f"The document is too deep at line {line}: at most {DEPTH_MAX} levels.")
        if count > PARTS_MAX:
            raise InvalidError(f"The document is too long at line {line}: remove everything that is not a rule.")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > SCALAR_CHARS_MAX:
            raise InvalidError(f"A key or value is too long at line {line}: at most {SCALAR_CHARS_MAX} characters.")
        # An alias can repeat a part a million times, and a tag can request a type that does not fit the value.
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) or getattr(event, "anchor", None):
            raise InvalidError(f"Tags (!), anchors (&) and aliases (*) are refused: line {line}. Write the value out.")
