"""The errors of a rule file, as one message for its author and as a list with lines and fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.base.rule_documents import Document, RuleError

__all__ = ["rule_error"]

FAULTS_SHOWN = 5
"""Errors in the message, if all of them fit in MESSAGE_CHARS_MAX. Each one is whole."""
MESSAGE_CHARS_MAX = 2_000
"""Characters of the errors in the message: it is one line of a log when a service starts."""
FAULTS_MAX = 100
"""Errors in the list."""


def rule_error(name: str, error: ValidationError, content: object) -> RuleError:
    """The errors that pydantic found in the content of a rule file. A `Document` gives each error its line."""
    found = [fault for each in error.errors(include_url=False) for fault in _faults_of(each, content)]
    found.sort(key=lambda each: each.line or 0)
    message = f"{name}: {_message_of([each.sentence for each in found])}"
    return RuleError(message, errors=[each.entry for each in found[:FAULTS_MAX]])


class _Fault(NamedTuple):
    """An error with its line, if that is known, its field and what is right. `about` is the part that the sentence names."""

    line: int | None
    at: str
    message: str
    about: str

    @property
    def entry(self) -> dict[str, Any]:
        line = {} if self.line is None else {"line": self.line}
        return {**line, "at": self.at, "message": self.message}

    @property
    def sentence(self) -> str:
        line = "" if self.line is None else f"line {self.line}"
        place = ", ".join(part for part in (line, self.about) if part)
        if not place:
            return self.message
        return f"{place}{' ' if self.message.startswith(('must ', 'is ')) else ': '}{self.message}"


def _faults_of(error: ErrorDetails, content: object) -> Iterator[_Fault]:
    """The faults that an error reports: one, or one for each unknown name."""
    context = error.get("ctx", {})
    place: list[Any] = [part for part in error["loc"] if part != "[key]"]
    if "unknown" not in context:
        place += [context["at"]] if context.get("at") else []
        yield _Fault(_line_of(content, place), _path(place), _message(error, context), _path(place))
        return
    for name in context["unknown"]:
        message = f"unknown {name}; known are {context['known']}"
        # The message contains the name, so that the sentence names only the part around it.
        yield _Fault(_line_of(content, [*place, name]), _path([*place, name]), message, _path(place))


def _line_of(content: object, place: Sequence[object]) -> int | None:
    return content.line_of(*place) if isinstance(content, Document) else None


def _path(place: Sequence[object]) -> str:
    """As in late_bands[1].percent."""
    path = ""
    for part in place:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _message_of(sentences: Sequence[str]) -> str:
    """As many whole sentences as fit, at least one, and how many more there are."""
    ends = accumulate(len(each) + len("; ") for each in sentences[:FAULTS_SHOWN])
    shown = max(1, sum(end <= MESSAGE_CHARS_MAX for end in ends))
    more = len(sentences) - shown
    return "; ".join((*sentences[:shown], *([f"{more} more error{'s' if more > 1 else ''}"] if more else [])))


def _message(error: ErrorDetails, context: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing" | "time_type":
            return "is missing"
        case "dataclass_type" | "mapping_type" | "dict_type":
            return f"expected a mapping, not {type(error['input']).__name__}"
        case "tuple_type":
            return "must be a list"
        case "literal_error" | "enum":
            return f"must be one of {context['expected'].replace(chr(39), '').replace(' or ', ', ')}"
        case "value_error":
            return str(context["error"])
        case _:
            return error["msg"]
