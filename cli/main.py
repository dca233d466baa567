"""The `kinerja` command: one sub-command a subject."""

from __future__ import annotations

import logging

import typer

from cli import (
    access,
    contracts,
    dead_letters,
    keys,
    links,
    machines,
    mail,
    notices,
    outbox,
    roster,
    scores,
    subscribers,
    topics,
)
from cli.canary import canary
from cli.doctor import doctor
from cli.preflight import preflight
from cli.republish import republish
from cli.serve import migrate, serve

__all__ = ["app"]

# A command says itself what failed. Without a handler Python prints the Kafka client's warnings before that; `serve` and
# `canary` set up their log, which has them still.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())

# No pretty exceptions: they print the local variables, and with them keys and personal data.
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Kinerja: performance appraisal of civil servants, from the command line.",
)
app.command()(serve)
app.command()(canary)
app.command()(migrate)
app.command()(doctor)
app.command()(preflight)
app.command()(republish)
app.add_typer(access.app, name="access")
app.add_typer(contracts.app, name="contracts")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(keys.app, name="keys")
app.add_typer(links.app, name="links")
app.add_typer(machines.app, name="machines")
app.add_typer(mail.app, name="mail")
app.add_typer(notices.app, name="notices")
app.add_typer(outbox.app, name="outbox")
app.add_typer(roster.app, name="roster")
app.add_typer(scores.app, name="scores")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(topics.app, name="topics")

if __name__ == "__main__":
    app()
