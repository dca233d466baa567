"""The contract as documents, generated from the models: JSON Schemas, AsyncAPI 3, and a page for people."""

from __future__ import annotations

import json
from inspect import cleandoc
from pathlib import Path
from typing import Any

from shared.contracts.asyncapi import asyncapi_document
from shared.contracts.events.canary import CANARY_WORDS
from shared.contracts.examples import EXAMPLES
from shared.contracts.fields import field_rows
from shared.contracts.reading import READING
from shared.contracts.topics import ALL_TOPICS, Topic

__all__ = ["CONTRACTS_FOLDER", "asyncapi_document", "documents", "drifted", "schema_of", "write"]

_ROOT = Path(__file__).resolve().parents[2]
CONTRACTS_FOLDER = _ROOT / "docs" / "contracts"


def schema_of(topic: Topic[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a topic's record."""
    schema = topic.model.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:kinerja:{topic.name}",
        **schema,
        "title": topic.name,
        "examples": EXAMPLES[topic.name],
    }


def documents() -> dict[Path, str]:
    """Every generated file, relative to docs/contracts, with its text."""
    files = {Path("schemas") / f"{topic.name}.json": _json(schema_of(topic)) for topic in ALL_TOPICS}
    files[Path("asyncapi.json")] = _json(asyncapi_document())
    files[Path("README.md")] = _page()
    return files


def write(folder: Path = CONTRACTS_FOLDER) -> None:
    """Writes all documents."""
    for name, text in documents().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def drifted(folder: Path = CONTRACTS_FOLDER) -> list[str]:
    """The names of committed documents that differ from the models, and of those that should not exist."""
    wanted = documents()
    wrong = [
        str(name)
        for name, text in wanted.items()
        if not (folder / name).is_file() or (folder / name).read_text() != text
    ]
    there = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return sorted(wrong + [str(name) for name in there - set(wanted)])


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _page() -> str:
    lines = [
        "# The event contract",
        "",
        "Generated from `shared/contracts` by `kinerja contracts write`; do not edit. CloudEvents 1.0 in binary mode on",
        "Kafka. Each record is the full state of one thing at one revision: keep the highest revision per thing.",
        "Machines read `asyncapi.json` and `schemas/`.",
        "",
        CANARY_WORDS,
        "",
        "| topic | key | written by | one record is |",
        "|---|---|---|---|",
    ]
    for topic in ALL_TOPICS:
        first_line = cleandoc(topic.model.__doc__ or "").partition("\n")[0]
        lines.append(f"| `{topic.name}` | {topic.key_rule} | {topic.owner} | {first_line} |")
    lines += ["", "## Reading the topics", "", READING.rstrip()]
    for topic in ALL_TOPICS:
        schema = schema_of(topic)
        lines += [
            "",
            f"## {topic.name}",
            "",
            cleandoc(topic.model.__doc__ or ""),
            "",
            "| field | required | type | meaning |",
        ]
        lines.append("|---|---|---|---|")
        for row in field_rows(schema):
            cells = (f"`{row.name}`", "yes" if row.required else "", row.type, row.description)
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        lines += ["", "```json", json.dumps(EXAMPLES[topic.name][0], indent=2, ensure_ascii=False), "```"]
    return "\n".join(lines) + "\n"
