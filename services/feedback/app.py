"""Composition root of the feedback service."""

from __future__ import annotations

from collections.abc import Callable

import yaml
from fastapi import FastAPI

from services.feedback.consumers import TOPICS, handle
from services.feedback.domain.intake_rules import intake_rules_from_mapping
from services.feedback.routes import api, form
from services.feedback.settings import Settings
from shared.clock import Clock
from shared.consumer import BatchConsumer
from shared.context import Context
from shared.http import make_app
from shared.operations import operations_router
from shared.runtime import Runtime, end_process

__all__ = ["create"]


def create(
    settings: Settings, *, clock: Clock | None = None, on_failure: Callable[[str], None] = end_process
) -> FastAPI:
    """The service, ready to be served; nothing connects before its lifespan begins."""
    context = Context.make("feedback", settings, clock)
    runtime = Runtime(
        context,
        consumer=BatchConsumer(
            settings,
            context.database,
            context.dead_letters,
            context.metrics,
            handle,
            service="feedback",
            topics=TOPICS,
        ),
        on_failure=on_failure,
    )
    app = make_app(
        context,
        prefix="feedback",
        title="Kinerja: feedback",
        routers=[
            api.router,
            form.router,
            operations_router("feedback", service="feedback", release=handle),
        ],
        lifespan=runtime.lifespan,
    )
    app.state.rules = intake_rules_from_mapping(yaml.safe_load(settings.feedback_rules_file.read_text()))
    app.state.handler = handle
    return app
