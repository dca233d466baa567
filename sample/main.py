"""`make sample`: runs the sample office and its simulators against a running system, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from cli.client import connection
from sample.city import DOCKER_NETWORKS, City
from sample.play import Play, city_console

__all__ = ["main"]

TIMEZONE = "Asia/Jakarta"


def main() -> None:
    """Reads connect.env (in $DATA), loads the office if it is missing, and runs the simulators."""
    values = connection()
    if not values.get("KINERJA_URL") or not values.get("KINERJA_OPERATOR_KEY"):
        sys.exit("no running system is named: run make connect first")
    asyncio.run(_run(values["KINERJA_URL"], values["KINERJA_OPERATOR_KEY"]))
    print("stopped", flush=True)  # noqa: T201


async def _run(url: str, operator_key: str) -> None:
    folder = Path(os.environ.get("DATA", "var/compose")) / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    console = city_console(TIMEZONE)
    city = City(url, operator_key, DOCKER_NETWORKS)
    play = Play(city, folder, TIMEZONE, console)
    acting = asyncio.create_task(_act(play, url))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, acting.cancel)
    try:
        await acting
    except asyncio.CancelledError:
        return
    finally:
        await city.close()


async def _act(play: Play, url: str) -> None:
    await play.load()
    print(f"ready: the sample office lives at {url}", flush=True)  # noqa: T201
    await play.live()


if __name__ == "__main__":
    main()
