"""Rule documents are read within limits, and every fault is refused with an explanation."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.base.rule_documents import (
    DEPTH_MAX,
    DOCUMENT_BYTES_MAX,
    PARTS_MAX,
    SCALAR_CHARS_MAX,
    Document,
    read_document,
)
from shared.errors.errors import InvalidError

RULES = sorted((Path(__file__).resolve().parents[4] / "rules").rglob("*.yaml"))
PARTS_OF_YAML = ["[", "]", "{", "}", ":", ": ", "- ", "? ", "\n", " ", ",", "'", '"', "\\ud800", "&a ", "*a", "!!int ", "<<",
                 "!!timestamp ", "1:59", "0x_", "2026-13-45", "=", "|", "%", "\x00", "\ud800", "~",
                 "1e999", "a", ".", "_"]  # fmt: skip


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.name)
def test_our_own_rule_sets_are_read_as_they_are(file: Path) -> None:
    assert read_document(file.read_bytes()) == yaml.safe_load(file.read_bytes())


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("[" * (DOCUMENT_BYTES_MAX - 1), "nesting"),
        ("[" * 900, "too deep at line 1: at most 20 levels"),
        ('{"a":' * 900, "too deep"),
        ("- " * 49_000, "too deep"),
        ("- " * 900, "too deep"),
        ("".join(f"{' ' * level}a:\n" for level in range(DEPTH_MAX + 2)), f"too deep at line {DEPTH_MAX + 1}"),
        (nested(DEPTH_MAX + 1), "too deep"),
        ("a: [" + "1," * PARTS_MAX + "]", "too long"),
        ("a: 1" + ":59" * 33_000, "A key or value is too long at line 1"),
        ("a: " + "9" * SCALAR_CHARS_MAX + "9", "too long"),
        ("a: 1" + ":59" * 300 + ".0", "OverflowError"),
        ("a: 2026-13-45", "ValueError"),
        ("a: 1\nb: [", "line 3"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: &x [1]", "anchors"),
        ("a: !!timestamp soon", "Tags"),
        ("a: !!bool maybe", "Tags"),
        ('{"\\ud800": 1}', "not YAML"),
        ('{"\ud800": 1}', "not YAML"),
        (b"\xff\xfe\xfd", "not YAML"),
        ("? [1]\n: 2", "unhashable"),
        ("a: 1\nb:\n  c: 1\n  c: 2", "b.c is there twice, in lines 3 and 4: remove one"),
        ("a: 1\n'a': 2", "a is there twice, in lines 1 and 2"),
        ("a:\n  - {<<: {b: 1, b: 2}}", "a.0.<<.b is there twice, in lines 2 and 2"),
        ("a: {<<: 1}", "mapping"),
        ("- a", "a mapping of names to values"),
        ("", "a mapping of names to values"),
    ],
    ids=range(27),
)
def test_what_cannot_be_read_is_refused_with_words(document: str | bytes, words: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read_document(document)
    assert words in refused.value.detail


def test_what_is_just_within_the_bounds_is_read() -> None:
    document = {"deep": "x" * SCALAR_CHARS_MAX, "list": list(range(1_000))}
    assert read_document(yaml.safe_dump(document)) == document
    assert read_document(nested(DEPTH_MAX)) == yaml.safe_load(nested(DEPTH_MAX))


def test_levels_are_counted_where_mappings_and_lists_end() -> None:
    def beside_short_lists(inner: int) -> str:
        return '{"a":' * 10 + "[" + "[]," * 10 + nested(inner) + "]" + "}" * 10

    assert read_document(beside_short_lists(DEPTH_MAX - 11))
    with pytest.raises(InvalidError, match="too deep"):
        read_document(beside_short_lists(DEPTH_MAX - 10))


def test_a_document_has_at_most_so_many_parts() -> None:
    around = 9  # the start and end of the stream, the document, the mapping and the list, and a key
    fitting = PARTS_MAX + 1 - around
    assert len(read_document("a: [" + "1," * fitting + "]")["a"]) == fitting
    with pytest.raises(InvalidError, match=r"too long at line \d: remove everything that is not a rule"):
        read_document("a: [" + "1," * (fitting + 1) + "]")


def test_a_mappings_own_key_takes_precedence_over_a_merged_one() -> None:
    document = read_document("<<: {id: x, other: 1}\n\nid: y\nparts:\n  id: z\n  <<: [{id: u}, {id: v, more: 2}]\n")
    assert document == {"id": "y", "other": 1, "parts": {"id": "z", "more": 2}}
    assert [document.line_of("id"), document.line_of("parts", "id")] == [3, 5]


def test_every_part_has_its_line() -> None:
    document = read_document("a: 1\n\nb:\n  - c: 2\n  - {d: 3,\n     e: 4}\n")
    found = [document.line_of(*path) for path in (("a",), ("b",), ("b", 0, "c"), ("b", 1, "d"), ("b", 1, "e"))]
    assert found == [1, 3, 4, 5, 6]
    assert [document.line_of(*path) for path in (("b", 1, "missing"), ("missing",), ())] == [5, 1, 1]


def test_a_document_without_known_lines_begins_in_line_1() -> None:
    assert Document({"a": 1}, {}).line_of("a") == 1


@given(st.lists(st.sampled_from(PARTS_OF_YAML), max_size=60).map("".join))
def test_any_text_is_a_mapping_or_refused(document: str) -> None:
    with contextlib.suppress(InvalidError):
        assert isinstance(read_document(document), dict)
