"""May a schema follow a released one on the same topic? Old readers must read new records, and new readers old ones.

So only new optional fields are allowed. No field may be removed, because a reader may use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["incompatibilities"]

Schema = dict[str, Any]

_LOWER_BOUNDS = ("minimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "maxLength", "maxItems")
_EXACT = ("const", "format", "pattern", "enum")


def incompatibilities(released: Schema, present: Schema) -> list[str]:
    """Each way in which `present` breaks a reader or a writer of `released`, as "path: what"; empty when none."""
    return list(_compare("$", _Side(released, released), _Side(present, present)))


class _Side:
    """A part of a schema, and the schema that resolves its references."""

    def __init__(self, part: Schema, whole: Schema) -> None:
        while "$ref" in part:
            part = whole["$defs"][part["$ref"].rpartition("/")[2]]
        self.part, self.whole = part, whole

    def at(self, part: Schema) -> _Side:
        return _Side(part, self.whole)

    def options(self) -> dict[str, _Side]:
        """The alternatives by type; without `anyOf`, only the part itself."""
        sides = [self.at(option) for option in self.part.get("anyOf", [self.part])]
        return {str(side.part.get("type", "any")): side for side in sides}


def _compare(path: str, old: _Side, new: _Side) -> Iterator[str]:
    before, after = old.options(), new.options()
    for kind in sorted(before.keys() - after.keys()):
        yield f"{path}: type {kind} is no longer allowed"
    for kind in sorted(after.keys() - before.keys()):
        yield f"{path}: type {kind} is new: released readers refuse it"
    for kind in sorted(before.keys() & after.keys()):
        yield from _compare_option(path, before[kind], after[kind])


def _compare_option(path: str, old: _Side, new: _Side) -> Iterator[str]:
    yield from _compare_values(path, old.part, new.part)
    yield from _compare_fields(path, old, new)
    for inner in ("items", "additionalProperties", "propertyNames"):
        if isinstance(old.part.get(inner), dict):
            yield from _compare(f"{path}.{inner}", old.at(old.part[inner]), new.at(new.part.get(inner, {})))


def _compare_values(path: str, old: Schema, new: Schema) -> Iterator[str]:
    for word in _EXACT:
        has, had = _comparable(new.get(word)), _comparable(old.get(word))
        if has != had:
            yield f"{path}: {word} was {had}, is {has}"
    for word in (*_LOWER_BOUNDS, *_UPPER_BOUNDS):
        if new.get(word) != old.get(word):
            narrower = new.get(word) is not None and (
                old.get(word) is None or (new[word] > old[word]) == (word in _LOWER_BOUNDS)
            )
            who = "released records break it" if narrower else "released readers refuse what it lets through"
            yield f"{path}: {word} was {old.get(word)}, is {new.get(word)}: {who}"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{path}: unknown fields are no longer ignored"


def _compare_fields(path: str, old: _Side, new: _Side) -> Iterator[str]:
    before, after = old.part.get("properties", {}), new.part.get("properties", {})
    for name in sorted(before.keys() - after.keys()):
        yield f"{path}.{name}: the field is gone"
    needed = set(new.part.get("required", ())) - set(old.part.get("required", ()))
    for name in sorted(needed):
        yield f"{path}.{name}: the field is newly required"
    for name in sorted(set(old.part.get("required", ())) - set(new.part.get("required", ()))):
        if name in after:
            yield f"{path}.{name}: the field is no longer required, but released readers need it"
    for name in sorted(before.keys() & after.keys()):
        yield from _compare(f"{path}.{name}", old.at(before[name]), new.at(after[name]))
        if before[name].get("default") != after[name].get("default"):
            yield f"{path}.{name}: the default was {before[name].get('default')}, is {after[name].get('default')}"


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value
