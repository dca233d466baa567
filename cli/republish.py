"""`kinerja republish`: every service publishes its present state again, for a broker or a consumer that lost records."""

from __future__ import annotations

import typer

from cli.client import client, request

__all__ = ["republish"]

# In the order in which the services read each other, so that what arrives is mostly known already.
PATHS = ("/attendance/v1/republish", "/feedback/v1/republish", "/scores/v1/republish", "/notices/v1/republish")


def republish() -> None:
    """Publishes all officers, days, feedback, scores, discipline and notices again, at their present revisions.

    Copies change nothing and send no notice.
    """
    with client() as http:
        for path in PATHS:
            counts = request(http, "POST", path).json()
            typer.echo(f"{path.split('/')[1]}: {', '.join(f'{count} {name}' for name, count in counts.items())}")
