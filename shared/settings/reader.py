"""Reads settings and reports errors: one line for each, with its name, its value and what would be correct."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.base.rule_documents import RuleError
from shared.errors.errors import plain_message
from shared.settings.settings import BaseSettings
from shared.settings.url_space import masked_login

__all__ = ["SettingsError", "environment_name", "read_settings", "settings_faults"]

S = TypeVar("S", bound=BaseSettings)

VALUE_MAX = 100
MESSAGE_MAX = 400
"""Characters that an error shows of a value, and of a message; the middle of a longer one is left out.

Messages of rule files limit themselves: they list whole errors."""


class SettingsError(ValueError):
    """Settings that cannot be used; its text has a line for each."""


def environment_name(field: str) -> str:
    """The variable that a program reads a setting from, as in KINERJA_TIMEZONE."""
    return f"KINERJA_{field.upper()}"


def read_settings(kind: type[S], **values: Any) -> S:
    """The settings from the environment and secrets; `values` take precedence. Raises SettingsError."""
    try:
        return kind(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(kind, error, environment_name))) from None


def settings_faults(kind: type[BaseSettings], name: Callable[[str], str] = environment_name) -> list[str]:
    """The errors of the settings in the environment, one line each; missing settings are not included.

    `name` returns a field's name as the user set it.
    """
    try:
        kind()
    except ValidationError as error:
        return list(_lines(kind, error, name, missing=False))
    return []


def _lines(
    kind: type[BaseSettings], error: ValidationError, name: Callable[[str], str], *, missing: bool = True
) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False):
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "missing":
            lines += [f"{name(field)} is not set"] if missing else []
        elif not field:
            lines.append(_words(fault))  # an error of several settings together: it names them itself
        elif _is_secret(kind.model_fields.get(field)):
            lines.append(f"{name(field)} cannot be used: {_words(fault)}")
        else:
            lines.append(f"{name(field)} is {_shown(fault['input'])}: {_words(fault)}")
    return lines


def _words(fault: ErrorDetails) -> str:
    """A message of pydantic or of our validators, on one line."""
    message = " ".join(plain_message(fault["msg"]).replace("Input should be", "it should be").split())
    cause = fault.get("ctx", {}).get("error")
    lists_faults = isinstance(cause, RuleError) and cause.errors
    return message if lists_faults else _shortened(message, MESSAGE_MAX)


def _shown(value: object) -> str:
    """A refused value, quoted."""
    return repr(_shortened(masked_login(str(value)), VALUE_MAX))


def _shortened(text: str, characters: int) -> str:
    """The text without its middle, cut between words where it has some."""
    if len(text) <= characters:
        return text
    half = characters // 2
    return f"{text[:half].rsplit(' ', 1)[0]} ... {text[-half:].split(' ', 1)[-1]}"


def _is_secret(field: FieldInfo | None) -> bool:
    """Whether its value must never be shown. An unknown field counts as secret."""
    return field is None or SecretStr in (field.annotation, *get_args(field.annotation))
