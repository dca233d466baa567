"""`kinerja contracts`: the generated documents of the event contract."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.group import subject
from cli.terminal import echo, fail
from shared.contracts import generate

__all__ = ["app"]

app = subject("The event contract's generated documents.")


@app.callback()
def contracts() -> None:
    """The event contract's generated documents."""


@app.command()
def write(
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; status 1 if a document is outdated.")] = False,
) -> None:
    """Writes docs/contracts from the models."""
    if not check:
        generate.write()
        return
    wrong = generate.drifted()
    if wrong:
        raise fail(f"docs/contracts differs from the models: {', '.join(wrong)}; run kinerja contracts write")
    echo("docs/contracts is up to date with the models")
