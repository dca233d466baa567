"""Reads settings and reports errors: one line for each, with its name, its value and what would be correct."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from shared.errors.errors import plain_message
from shared.settings.settings import BaseSettings
from shared.settings.url_space import masked_login

__all__ = ["SettingsError", "environment_name", "read_settings", "settings_faults"]

S = TypeVar("S", bound=BaseSettings)

VALUE_MAX = 100
MESSAGE_MAX = 400
"""Characters that an error shows of a value, and of a message; the middle of a longer one is left out. A message of several
faults is shown up to the last whole fault."""
_NEXT_FAULT = re.compile(r"; (?=line \d)")


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
    for fault in error.errors(include_url=False, include_context=False):
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "missing":
            lines += [f"{name(field)} is not set"] if missing else []
        elif not field:
            lines.append(_words(fault["msg"]))  # an error of several settings together: it names them itself
        elif _is_secret(kind.model_fields.get(field)):
            lines.append(f"{name(field)} cannot be used: {_words(fault['msg'])}")
        else:
            lines.append(f"{name(field)} is {_shown(fault['input'])}: {_words(fault['msg'])}")
    return lines


def _words(message: str) -> str:
    """A message of pydantic or of our validators, on one line."""
    message = plain_message(message).replace("Input should be", "it should be")
    whole = " ".join(message.split())
    first, *others = _NEXT_FAULT.split(whole)  # of a rule file, which names several faults with their lines
    kept = _shortened(first, MESSAGE_MAX)
    while others and len(kept) + len(others[0]) <= MESSAGE_MAX:
        kept += f"; {others.pop(0)}"
    return f"{kept}; and more: correct these first" if others else kept


def _shown(value: object) -> str:
    """A refused value, quoted."""
    return repr(_shortened(masked_login(str(value)), VALUE_MAX))


def _shortened(text: str, characters: int) -> str:
    half = characters // 2
    return text if len(text) <= characters else f"{text[:half]} ... {text[-half:]}"


def _is_secret(field: FieldInfo | None) -> bool:
    """Whether its value must never be shown. An unknown field counts as secret."""
    return field is None or SecretStr in (field.annotation, *get_args(field.annotation))
