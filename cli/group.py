"""The structure of the `kinerja` command: a subject is imported when it is used, and every error ends with one line."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import httpx
import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.terminal import ANOTHER_PROGRAM, echo, plain, visible

__all__ = ["Entry", "Subjects", "subject"]

SERVICES = ("serve", "canary")
"""Commands that log their own fatal errors (shared.observability.logs.log_uncaught)."""
TRACEBACK = "KINERJA_TRACEBACK"
SENTENCE_MAX = 300


class Entry(NamedTuple):
    """A sub-command: a module's Typer or function, and one line for the list of commands."""

    module: str
    name: str
    help: str


def subject(text: str) -> typer.Typer:
    """The sub-commands of one subject. Help and usage errors are plain text, without boxes."""
    return typer.Typer(cls=PlainGroup, no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=text)


class PlainGroup(TyperGroup):
    """Lists its commands with their whole first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes names and sentences, folded and not cut."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(limit=SENTENCE_MAX)) for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Subjects(PlainGroup):
    """Sub-commands that are imported when they are used: all of them together take seconds."""

    entries: ClassVar[Mapping[str, Entry]] = {}
    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the list."""
        return [*self.entries, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The sub-command; None if there is none with this name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return super().get_command(ctx, cmd_name)
        if self._listing:
            return TyperCommand(cmd_name, help=entry.help, rich_markup_mode=None)
        found = getattr(importlib.import_module(entry.module), entry.name)
        if isinstance(found, typer.Typer):
            command = get_command(found)
        else:
            alone = typer.Typer(rich_markup_mode=None, add_completion=False)
            alone.command(cmd_name)(found)
            command = get_command(alone)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Lists the sub-commands without importing them."""
        with self._as_list():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Names of sub-commands, without importing them."""
        with self._as_list():
            return super().shell_complete(ctx, incomplete)

    def invoke(self, ctx: Any) -> Any:
        """Runs the sub-command; a usage error gets its final text."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = visible(plain(error.message))
            raise

    def main(self, *args: Any, **options: Any) -> Any:
        """Runs the command. An unexpected error ends it with status 1 and one line."""
        try:
            return super().main(*args, **options)
        except Exception as error:
            arguments = options.get("args") or (args[0] if args else None) or sys.argv[1:]
            if os.environ.get(TRACEBACK) or (arguments and arguments[0] in SERVICES):
                raise
            if isinstance(error, UnicodeEncodeError) and _not_utf8(arguments):
                echo(
                    f"Error: {_not_utf8(arguments)} is not UTF-8: type it again, or set LANG to a UTF-8 locale",
                    err=True,
                )
                sys.exit(2)
            echo(_words_of(error), err=True)
            sys.exit(1)

    @contextmanager
    def _as_list(self) -> Iterator[None]:
        self._listing = True
        try:
            yield
        finally:
            self._listing = False


def _not_utf8(arguments: Sequence[str]) -> str:
    """The first argument with bytes that the terminal's encoding does not have; a file may have such a name."""
    return next(
        (word for word in arguments if word.encode("utf-8", "replace") != word.encode("utf-8", "surrogatepass")), ""
    )


def _words_of(error: Exception) -> str:
    """Never the message of an unexpected exception: it may contain personal data or a key."""
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return f"The system does not answer as it should: {error}. Run kinerja doctor."
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return ANOTHER_PROGRAM
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    file = Path(place.tb_frame.f_code.co_filename).name if place else "?"
    return (
        f"kinerja failed: {type(error).__name__} at {file}:{place.tb_lineno if place else 0}. This is a fault of the"
        f" program: please report it. {TRACEBACK}=1 prints where it happened."
    )
