"""`make up`: the whole system on one machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from pathlib import Path

import httpx
import uvicorn
from alembic.util import CommandError
from rich.console import Console

from embedded.broker import EmbeddedBroker
from embedded.city import make_apps, republish, serve, settings_faults_of_services, wait_until_ready
from embedded.configuration import Configuration
from embedded.mail import MailSink
from embedded.postgres import EmbeddedPostgres
from sample.city import City, repeated
from sample.office import OFFICE
from sample.play import Play, city_console
from shared.db.migrations import SERVICES, upgrade
from shared.kafka_admin.provision import provision, read_topics
from shared.observability import logs
from shared.observability.trace_export import export_traces, flush_traces
from shared.service.app import ServiceApp
from shared.settings.url_space import API_PAGES

__all__ = ["live_or_say", "main"]

log = logs.logger(__name__)

TIMEZONE = "Asia/Jakarta"
LINK_TRIES = 60
WATCH_SECONDS = 0.5
"""How often the child processes are checked."""
_SAMPLE_RULES = Path(__file__).resolve().parent.parent / "rules" / "sample"


def main() -> None:
    """Starts Postgres and the broker, runs the services, and stops everything cleanly."""
    configuration = Configuration.read()
    if faults := settings_faults_of_services():
        sys.exit("\n".join(faults))
    _refuse_port_in_use("PORT", configuration.port)
    _refuse_port_in_use("KAFKA_PORT", configuration.kafka_port)
    postgres = EmbeddedPostgres(configuration.data / "postgres")
    broker = EmbeddedBroker(configuration.data / "broker.log", port=configuration.kafka_port)
    mail = MailSink(configuration.data / "mail")
    console = city_console(TIMEZONE)
    with contextlib.ExitStack() as parts, (configuration.data / "kinerja.log").open("a") as log:
        logs.configure(stream=log)
        export_traces("up")
        parts.callback(flush_traces)
        for name, part in (("Postgres", postgres), ("broker", broker), ("mail sink", mail)):
            print(f"starting {name} ...", flush=True)  # noqa: T201
            try:
                part.start()
            except RuntimeError as error:
                sys.exit(str(error))
            parts.callback(part.stop)
        asyncio.run(postgres.create_databases(SERVICES))
        for service in SERVICES:
            try:
                upgrade(service, postgres.url(service))
            except CommandError as error:
                sys.exit(f"{error}: DATA={configuration.data} is the folder, and another one starts afresh")
        asyncio.run(_run(configuration, postgres, broker, mail, console))
    print("stopped", flush=True)  # noqa: T201


async def _run(
    configuration: Configuration, postgres: EmbeddedPostgres, broker: EmbeddedBroker, mail: MailSink, console: Console
) -> None:
    await provision(broker.bootstrap_servers, read_topics())
    apps = make_apps(
        configuration,
        postgres.url,
        broker.bootstrap_servers,
        mail.port,
        _SAMPLE_RULES if configuration.sample else None,
    )
    gc.collect()
    gc.freeze()  # as `kinerja serve` does
    server = serve(apps, configuration.port)
    serving = asyncio.create_task(_serve(server))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells it by this flag only
        await asyncio.sleep(0.05)
    if not server.started:
        sys.exit(f"the services did not start: the last lines of {configuration.data / 'kinerja.log'} say why")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    faults: list[Exception] = []
    acting = asyncio.create_task(_act(configuration, apps, broker, console, faults))
    waiting = asyncio.create_task(stop.wait())
    ending = asyncio.create_task(_first_end({"Postgres": postgres, "the broker": broker}))
    done, _ = await asyncio.wait({serving, acting, waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
    if ending in done:
        print(ending.result(), flush=True)  # noqa: T201
    print("stopping ...", flush=True)  # noqa: T201
    for task in (acting, waiting, ending):
        task.cancel()
    await asyncio.wait({acting})
    server.should_exit = True
    await serving
    if ending in done:
        sys.exit(1)
    if acting in done and not acting.cancelled() and acting.exception() is not None:
        raise acting.exception() or RuntimeError("the sample ended")
    if faults:
        sys.exit(f"the sample office had ended before: {_words(faults[0])}")


async def _serve(server: uvicorn.Server) -> None:
    with contextlib.suppress(SystemExit):  # it ends like this if a service does not start
        await server.serve()


async def _first_end(children: dict[str, EmbeddedPostgres | EmbeddedBroker]) -> str:
    """Waits until a child process ends by itself. Returns what to print."""
    while True:
        for name, child in children.items():
            if (status := child.exit_status) is not None:
                reason = signal.strsignal(-status) if status < 0 else f"status {status}"
                return f"{name} has ended ({reason}); its log is {child.log}. Start again: accepted data is kept"
        await asyncio.sleep(WATCH_SECONDS)


async def _act(
    configuration: Configuration,
    apps: dict[str, ServiceApp],
    broker: EmbeddedBroker,
    console: Console,
    faults: list[Exception],
) -> None:
    """Starts the services, prints `ready`, and runs until cancelled. An error before `ready` is raised and ends everything."""
    await republish(apps)
    await wait_until_ready(configuration.url)
    city = City(configuration.url, configuration.secret("operator-key"))
    try:
        play = Play(city, configuration.data / "sample", TIMEZONE, console) if configuration.sample else None
        if play is not None:
            await play.load()
        connection = configuration.write_connection(broker.bootstrap_servers)
        await _print_links(configuration, city if play else None)
        print(f"ready: {configuration.url} (connection: {connection})", flush=True)  # noqa: T201
        if play is not None:
            await live_or_say(play, faults)
        await asyncio.Event().wait()
    finally:
        await city.close()


async def live_or_say(play: Play, faults: list[Exception]) -> None:
    """Runs the sample. If it fails, the error is printed, logged and added to `faults`; the system keeps running."""
    try:
        await play.live()
    except Exception as error:
        faults.append(error)
        log.error("sample_ended", exc_info=error)
        text = f"the sample office has ended: {_words(error)}; the system continues, restart it to get the office"
        print(text, flush=True)  # noqa: T201


def _words(error: Exception) -> str:
    """The first error of a group of tasks."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__} {error}".strip()


async def _print_links(configuration: Configuration, city: City | None) -> None:
    lines = [
        f"  front page         {configuration.url}/",
        *(f"  API page           {configuration.url}{page}" for page in API_PAGES.values()),
        f"  key for the APIs   KINERJA_OPERATOR_KEY in {configuration.data / 'connect.env'}",
        f"  event contract     {configuration.url}/scores/asyncapi",
    ]
    if city is not None:
        unit = OFFICE[0]
        officer = city.id_of(unit.officers[4])
        form = await city.visit(unit.officers[4], unit.services[0])
        lines += [
            f"  mails              {configuration.data / 'mail'}",
            # A link is longer than a line: it stands alone, so that a terminal keeps it whole.
            *("  an officer's score:", await _link(city, "scores", officer)),
            *("  the same officer's inbox:", await _link(city, "notices", officer)),
            *("  a citizen's form:", form),
        ]
    print("\n".join(lines), flush=True)  # noqa: T201


async def _link(city: City, prefix: str, officer: str) -> str:
    """A new link to the officer's page in a service, after the officer's record has arrived there."""
    for _ in range(LINK_TRIES):
        answer = await repeated(city.operator, "POST", f"/{prefix}/v1/links", json={"employee_id": officer})
        if answer.status_code != httpx.codes.NOT_FOUND:
            break
        await asyncio.sleep(0.5)
    answer.raise_for_status()
    url: str = answer.json()["url"]
    return url


def _refuse_port_in_use(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            sys.exit(f"{name} is {port}: this user may not open a port below 1024; choose another, as in {name}=8090")
        except OSError:
            sys.exit(
                f"port {port} is in use: choose another, for example make up {name}={port + 10 if port < 65_000 else 8090}"
            )


if __name__ == "__main__":
    main()
