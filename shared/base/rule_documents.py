"""Rule sets as documents: YAML (or JSON) text from an operator, read within limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from shared.errors.errors import InvalidError

__all__ = ["DOCUMENT_BYTES_MAX", "Document", "RuleError", "read_document"]

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


class RuleError(InvalidError, ValueError):
    """Rules that cannot be used. The message is for their author; `errors` lists each error with its line and field."""


class Document(dict[str, Any]):
    """The content of a document. `line_of` finds its parts in the text."""

    def __init__(self, content: Mapping[str, Any], lines: Mapping[tuple[str, ...], int]) -> None:
        super().__init__(content)
        self.lines = lines

    def line_of(self, *path: object) -> int:
        """The line of the part with this path of keys and list positions; of the nearest part around it if it is missing."""
        place = tuple(map(str, path))
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_document(source: bytes | str) -> Document:
    """A YAML (or JSON) document whose root is a mapping, without tags, aliases and repeated keys.

    Raises RuleError with the fault and its place.
    """
    try:
        _check_bounds(source)
        loader = _LOADER(source)
        root = loader.get_single_node()
        # Before the content is built: that copies a merged mapping (`<<: {...}`) into the one around it, where a key of
        # its own takes precedence and is no double.
        lines = {} if root is None else dict(_lines(root, (), root.start_mark.line + 1))
        content = None if root is None else loader.construct_document(root)
    except RuleError:
        raise
    except yaml.MarkedYAMLError as error:
        where = "" if error.problem_mark is None else f", line {error.problem_mark.line + 1}"
        raise RuleError(f"The document is not YAML: {error.problem}{where}.") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise RuleError(
            f"The document is not YAML: {type(error).__name__}. Send UTF-8 text, with valid numbers and dates."
        ) from error
    if not isinstance(content, dict):
        raise RuleError("The document must be a mapping of names to values, like the default rule set.")
    return Document(content, lines)


def _check_bounds(source: bytes | str) -> None:
    """Checks the limits before objects are built. Raises RuleError, and YAMLError or ValueError if it is not YAML."""
    depth = 0
    for count, event in enumerate(yaml.parse(source, Loader=_LOADER)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        line = event.start_mark.line + 1 if event.start_mark else 1
        if depth > DEPTH_MAX:
            raise RuleError(f"The document is too deep at line {line}: at most {DEPTH_MAX} levels.")
        if count > PARTS_MAX:
            raise RuleError(f"The document is too long at line {line}: remove everything that is not a rule.")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > SCALAR_CHARS_MAX:
            raise RuleError(f"A key or value is too long at line {line}: at most {SCALAR_CHARS_MAX} characters.")
        # An alias can repeat a part a million times, and a tag can request a type that does not fit the value.
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) or getattr(event, "anchor", None):
            raise RuleError(f"Tags (!), anchors (&) and aliases (*) are refused: line {line}. Write the value out.")


def _lines(node: yaml.Node, path: tuple[str, ...], line: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """The line of each part, by its path. Raises RuleError for a key that occurs twice: YAML would keep the last one."""
    yield path, line
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _lines(item, (*path, str(position)), item.start_mark.line + 1)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # no name: refused when the content is built
            key_line = key.start_mark.line + 1
            if key.value in first:
                raise RuleError(
                    f"{'.'.join((*path, key.value))} is there twice, in lines {first[key.value]} and {key_line}: remove one."
                )
            first[key.value] = key_line
            yield from _lines(value, (*path, key.value), key_line)
