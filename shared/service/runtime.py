"""Runs a service: its HTTP app and its background tasks start and stop together; if one fails, the process ends."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from shared.db.database import fault_of, is_transient
from shared.messaging.consuming.batch_work import Handler
from shared.messaging.consuming.consumer import BatchConsumer
from shared.messaging.held_events import observe_outbox
from shared.messaging.producing.relay import Relay
from shared.observability.logs import logger
from shared.service.context import Context

__all__ = ["Periodic", "Runtime", "consumer_of", "end_process"]

log = logger(__name__)

OBSERVE_SECONDS = 5.0


def end_process(task: str) -> None:
    """Crash-only: a part that cannot continue ends the process, and the supervisor starts a new one."""
    log.critical("process_ends", task=task)
    os._exit(1)


def consumer_of(context: Context, handler: Handler, topics: Sequence[str]) -> BatchConsumer:
    """The service's consumer: one member of the group that has the service's name."""
    return BatchConsumer(
        context.settings,
        context.database,
        context.dead_letters,
        context.metrics,
        handler,
        service=context.service,
        topics=topics,
    )


@dataclass(frozen=True)
class Periodic:
    """Periodic work. If it returns True, it is called again at once; else it waits for `seconds` or for `wake`."""

    name: str
    work: Callable[[], Awaitable[bool]]
    seconds: float
    wake: asyncio.Event | None = None

    async def run(self) -> None:
        """While the database is down it waits and tries again; any other error is raised."""
        while True:
            try:
                if self.wake is not None:
                    self.wake.clear()
                again = await self.work()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("periodic_waits_for_store", task=self.name, **fault_of(error))
                await asyncio.sleep(1.0)
                again = False
            if not again:
                await self._wait()

    async def _wait(self) -> None:
        pause = self.seconds * random.uniform(0.9, 1.1)  # noqa: S311 - jitter, not a secret
        if self.wake is None:
            await asyncio.sleep(pause)
            return
        try:
            async with asyncio.timeout(pause):
                await self.wake.wait()
        except TimeoutError:
            return


@dataclass
class Runtime:
    """A service's background tasks."""

    context: Context
    consumer: BatchConsumer | None = None
    periodics: Sequence[Periodic] = ()
    services: Sequence[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = ()
    """Further tasks that run until cancelled."""
    on_failure: Callable[[str], None] = end_process
    relay: Relay = field(init=False)
    draining: bool = field(init=False, default=False)
    _tasks: dict[str, asyncio.Task[None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        c = self.context
        self.relay = Relay(c.settings, c.database, c.outbox, c.metrics)

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """For FastAPI: everything runs while the app runs."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def start(self) -> None:
        """Starts the tasks; returns at once. Broker and database may still be down."""
        if not self.context.settings.tasks:
            return
        self._spawn("relay", self.relay.run())
        self._spawn("observe", Periodic("observe", self.observe, OBSERVE_SECONDS).run())
        for periodic in self.periodics:
            self._spawn(periodic.name, periodic.run())
        for name, run in self.services:
            self._spawn(name, run())
        if self.consumer is not None:
            self._spawn("consumer", self.consumer.run())

    async def stop(self) -> None:
        """Stops the consumer first (its batch is finished and committed), then the rest, then the relay, which may still
        publish what they committed. Events that it has not sent by then stay in the outbox for the next process."""
        self.draining = True
        if self.context.settings.tasks:
            await self._cancel("consumer")
            for name in [name for name in self._tasks if name != "relay"]:
                await self._cancel(name)
            await self._cancel("relay")
        await self.context.database.close()

    async def faults(self) -> list[str]:
        """The reasons why events do not flow now; empty when they do."""
        faults = []
        if self.draining:
            faults.append("draining")
        if not await self.context.database.answers():
            faults.append("database does not answer")
        if self.context.settings.tasks:
            if not self.relay.healthy:
                faults.append("relay does not reach the broker")
            if self.consumer is not None and self.consumer.halted is not None:
                faults.append(f"consumer stopped: {self.consumer.halted}")
            elif self.consumer is not None and not self.consumer.assigned:
                faults.append("consumer has not joined its group or does not poll")
            faults += [f"task {name} has ended" for name, task in self._tasks.items() if task.done()]
        return faults

    def dead_tasks(self) -> list[str]:
        """Tasks that ended although nobody stopped them: the process must be restarted."""
        return [name for name, task in self._tasks.items() if task.done() and not self.draining]

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"{self.context.service}.{name}")
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._ended(name, done))

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        if self.draining or task.cancelled():
            return
        log.error("task_failed", service=self.context.service, task=name, exc_info=task.exception())
        self.on_failure(f"{self.context.service}.{name}")

    async def _cancel(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is None:
            return
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=25)
        if not done:
            log.warning("task_abandoned", service=self.context.service, task=name)
        elif not task.cancelled() and task.exception() is not None:
            log.warning("task_failed_while_stopping", task=name, exc_info=task.exception())

    async def observe(self) -> bool:
        """Updates the metrics of the outbox and of the dead letters; returns False."""
        async with self.context.database.transaction() as session:
            await observe_outbox(session, self.context.metrics)
            if self.consumer is not None:  # a service without a consumer parks nothing, and has no table for it
                await self.context.dead_letters.observe(session)
        return False
