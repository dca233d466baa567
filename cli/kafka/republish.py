"""`kinerja republish`: every service publishes its present state again, for a broker or a consumer that lost records."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import PREFIXES, client, request
from cli.progress import doing
from cli.terminal import counted, echo, usage
from shared.contracts.topics import ALL_TOPICS

__all__ = ["republish"]

# In the order in which the services read each other, so that most references are known when a record arrives.
PATHS = ("/attendance/v1/republish", "/feedback/v1/republish", "/scores/v1/republish", "/notices/v1/republish")
PREFIX_OF = {topic.name: PREFIXES[topic.owner] for topic in ALL_TOPICS if topic.owner in PREFIXES}


def republish(
    topic: Annotated[
        str | None, typer.Argument(help="With --above: the thing's topic, such as asn.employee.v1.")
    ] = None,
    thing: Annotated[
        str | None,
        typer.Argument(help="With --above: its name as `kinerja scores verify` prints it, OFFICER/2026-08-04."),
    ] = None,
    above: Annotated[
        int | None,
        typer.Option(help="The wrong revision that readers keep of it, as `kinerja scores verify` prints it.", min=1),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="With --above: why, in one line for the log.")] = None,
) -> None:
    """Publishes all officers, days, feedback, scores, discipline and notices again, at their present revisions.

    Copies change nothing and send no notice. With TOPIC, THING and --above: only this thing, at a revision above a wrong
    one, so that every reader accepts its owner's state again.
    """
    one = (topic, thing, above, reason)
    if any(value is not None for value in one):
        if topic is None or thing is None or above is None or reason is None:
            raise usage('for one thing give all of: kinerja republish TOPIC THING --above REVISION --reason "…"')
        _republish_above(topic, thing, above, reason)
        return
    with client() as http:
        for path in PATHS:
            with doing(f"republishing {path.split('/')[1]}"):
                counts = request(http, "POST", path).json()
            echo(f"{path.split('/')[1]}: {', '.join(f'{count} {name}' for name, count in counts.items())}")


def _republish_above(topic: str, thing: str, above: int, reason: str) -> None:
    if topic not in PREFIX_OF:
        raise usage(f"no such topic: {topic}; one of {', '.join(PREFIX_OF)}")
    asked = {"topic": topic, "thing": thing, "above": above, "reason": reason}
    with client() as http:
        done = request(http, "POST", f"/{PREFIX_OF[topic]}/v1/republish-above", json=asked).json()
    records = counted(done["records"], "record is on its way", "records are on their way")
    echo(f"{topic} {thing} is at revision {done['revision']}; {records}")
