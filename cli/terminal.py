"""What every command prints goes through here: control characters of data or arguments never reach a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

import typer

from shared.errors.errors import plain_message

__all__ = [
    "ANOTHER_PROGRAM",
    "DATE",
    "check_span",
    "counted",
    "date_option",
    "days_of",
    "echo",
    "fail",
    "id_of",
    "plain",
    "usage",
    "visible",
    "visible_json",
]

ANOTHER_PROGRAM = "The system's answer is not Kinerja's: is another program at this address? `kinerja where` shows it."

# C0 and C1 controls without tab and line end, marks that change the direction or are invisible, and lone surrogates
_HIDDEN = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff"
    "\\U000e0000-\\U000e007f]"
)


def visible(text: str) -> str:
    """The text with control, direction and invisible characters as escapes, such as \\x9b; tabs and line ends stay."""
    return _HIDDEN.sub(lambda found: repr(found[0])[1:-1], text)


def visible_json(document: str) -> str:
    """The same for a JSON document, which keeps its value."""
    return _HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], document)


def echo(text: str = "", *, err: bool = False) -> None:
    """Prints text to standard output, or with `err` to standard error."""
    typer.echo(visible(text), err=err)


def fail(text: str) -> typer.Exit:
    """Prints the message to standard error and returns the exception that ends the command with status 1."""
    echo(text, err=True)
    return typer.Exit(1)


def usage(text: str) -> typer.BadParameter:
    """The exception for an argument that is wrong in itself: ends the command with status 2."""
    return typer.BadParameter(text)


def plain(message: str) -> str:
    """A message of pydantic, or of a validator that it calls, for a person."""
    return plain_message(message).replace("Input should be", "must be")


def id_of(command: str) -> Callable[[str], UUID]:
    """The parser of an argument that is an id; its error names the command that lists the ids."""

    def parse(text: str) -> UUID:
        try:
            return UUID(text)
        except ValueError:
            raise ValueError(f"{text!r} is not an id; {command} shows the ids") from None

    return parse


def check_span(first: date, last: date) -> None:
    """Raises the usage error if --to is before --from."""
    if last < first:
        raise usage(f"--from {first} is after --to {last}")


def counted(number: int, one: str, many: str) -> str:
    """ "1 key works", "2 keys work", "no keys work"."""
    return f"{number or 'no'} {one if number == 1 else many}"


DATE = "YYYY-MM-DD"


def date_option(text: str) -> date:
    """The parser of a date; another form is a usage error that shows the right one."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        raise usage(f"{text!r} is not a date: write it like 2026-11-30") from None


def days_of(number: int) -> str:
    """ "1 day", "2 days", "0 days"."""
    return f"{number} {'day' if number == 1 else 'days'}"
