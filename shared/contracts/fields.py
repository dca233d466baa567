"""A JSON Schema's fields as rows of a table: for the contract's page in the browser and for the one in docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FieldRow", "field_rows", "type_words"]


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field: `schema` names the object in it, if the field holds an object with fields."""

    name: str
    type: str
    schema: str | None
    required: bool
    limits: str
    description: str


def field_rows(schema: Mapping[str, Any]) -> list[FieldRow]:
    """The fields of an object's schema, in the order of the document."""
    required = schema.get("required", [])
    return [
        FieldRow(
            name=name,
            type=type_words(field),
            schema=_schema_of(field),
            required=name in required,
            limits=_limits(field),
            description=str(field.get("description", "")).replace("\n", " "),
        )
        for name, field in schema.get("properties", {}).items()
    ]


def type_words(field: Mapping[str, Any]) -> str:
    """A field's type for people: `uuid`, `list of Deduction`, `present | absent`, `date-time or null`."""
    if "anyOf" in field:
        return " or ".join(type_words(option) for option in field["anyOf"])
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    if "const" in field:
        return str(field["const"])
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if field.get("type") == "array":
        return f"list of {type_words(field.get('items', {}))}"
    return str(field.get("format") or field.get("type") or "any")


def _schema_of(field: Mapping[str, Any]) -> str | None:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    inner = [*field.get("anyOf", []), *([field["items"]] if isinstance(field.get("items"), dict) else [])]
    return next((found for option in inner if (found := _schema_of(option)) is not None), None)


def _limits(field: Mapping[str, Any]) -> str:
    """The bounds in the schema; for a nullable field, those of the other alternative."""
    options = [option for option in field.get("anyOf", [field]) if option.get("type") != "null"]
    bounds = options[0] if len(options) == 1 else {}
    limits = [_range(bounds.get("minimum"), bounds.get("maximum"), "")]
    limits += [_range(bounds.get("minLength"), bounds.get("maxLength"), " characters")]
    limits += [_range(bounds.get("minItems"), bounds.get("maxItems"), " items")]
    if "default" in field and field["default"] not in (None, [], ""):
        limits.append(f"default {field['default']}")
    return ", ".join(limit for limit in limits if limit)


def _range(least: Any, most: Any, unit: str) -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f"{least} or more{unit}"
    return f"at most {most}{unit}" if least is None else f"{least} to {most}{unit}"
