"""The `kinerja` command: one sub-command per subject."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Annotated

import typer

from cli.group import Entry, Subjects
from cli.terminal import echo

__all__ = ["Kinerja", "app"]

# A command reports its own errors. Without a handler Python would also print the Kafka client's warnings; `serve` and
# `canary` configure their log, which includes them.
logging.getLogger("aiokafka").addHandler(logging.NullHandler())


class Kinerja(Subjects):
    """The command's subjects, loaded when they are used."""

    entries = {  # noqa: RUF012 - declared as a ClassVar there
        "doctor": Entry("cli.doctor.doctor", "doctor", "Check the running system, and say what to do."),
        "where": Entry("cli.where", "where", "Which system the command uses, and why."),
        "officers": Entry("cli.people.officers", "app", "Officers: find, show, list."),
        "units": Entry("cli.people.units", "app", "Units: list."),
        "scores": Entry("cli.scores.scores", "app", "Scores: list, show, verify, republish."),
        "days": Entry("cli.people.days", "days", "An officer's days, with their reasons."),
        "leave": Entry("cli.people.leave", "app", "Leave and duty: list, add, approve, withdraw."),
        "notices": Entry("cli.scores.notices", "app", "Notices: list, show, release, withhold."),
        "links": Entry("cli.access.links", "app", "Links to officers' own pages: issue, list, revoke."),
        "keys": Entry("cli.access.keys", "app", "API keys: make, list, show, rotate, revoke."),
        "roster": Entry("cli.people.roster", "app", "Officers, units and shifts, from files."),
        "mail": Entry("cli.stack.mail", "app", "The mail server: test."),
        "machines": Entry("cli.machines.registry", "app", "Machines: registration, PINs, and proof of identity."),
        "dead-letters": Entry("cli.kafka.dead_letters", "app", "Records that could not be used."),
        "outbox": Entry("cli.kafka.outbox", "app", "Events that cannot be published: list, drop."),
        "republish": Entry("cli.kafka.republish", "republish", "Publish the services' state again."),
        "topics": Entry("cli.kafka.topics", "app", "Topics on the broker: provision, verify."),
        "subscribers": Entry("cli.kafka.subscribers", "app", "HR systems that read events from Kafka."),
        "access": Entry("cli.kafka.users", "app", "Users and rights on Kafka: apply, verify."),
        "contracts": Entry("cli.stack.contracts", "app", "The event contract's generated documents."),
        "serve": Entry("cli.stack.serve", "serve", "Run one service."),
        "canary": Entry("cli.stack.canary", "canary", "Punch every minute, and check that the score changes."),
        "migrate": Entry("cli.stack.serve", "migrate", "Migrate a database to the newest schema."),
        "preflight": Entry(
            "cli.stack.preflight", "preflight", "Check the stack's secrets, settings and files before it starts."
        ),
    }


# No pretty exceptions: they print local variables, which may contain keys and personal data.
app = typer.Typer(cls=Kinerja, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def _version(asked: bool) -> None:  # noqa: FBT001 - the shape of an option's callback
    if asked:
        echo(f"kinerja {version('kinerja')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Kinerja: performance appraisal of civil servants, from the command line.

    Exit status: 0 for success; 1 if something is refused, missing, or found wrong; 2 for a wrong command line, when nothing
    was done.
    """


if __name__ == "__main__":
    app()
