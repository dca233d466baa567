"""Reads a program's settings for a command."""

from __future__ import annotations

from typing import Any, TypeVar

from cli.terminal import fail
from shared.settings.reader import SettingsError, read_settings
from shared.settings.settings import BaseSettings

__all__ = ["settings_of"]

S = TypeVar("S", bound=BaseSettings)


def settings_of(kind: type[S], **values: Any) -> S:
    """The program's settings; ends the command with a line for each that cannot be used."""
    try:
        return read_settings(kind, **values)
    except SettingsError as error:
        raise fail(str(error)) from None
