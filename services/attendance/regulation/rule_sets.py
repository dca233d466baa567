"""The attendance rules in the database: dated versions, loaded from YAML or sent by the operator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_all
from services.attendance.regulation.rules.rule_set import AttendanceRules, rules_from_mapping
from services.attendance.regulation.tables import RuleSet
from shared.base.rule_documents import read_document
from shared.errors.errors import ConflictError

__all__ = ["add_rules", "load_default_rules"]

INSERT_RULE_SET = text(
    "insert into rule_set (id, version, effective_from, decree, window_before_minutes, window_after_minutes, content)"
    " values (:id, :version, :effective_from, :decree, :window_before_minutes, :window_after_minutes, :content)"
    " on conflict do nothing returning 1"
)


async def load_default_rules(session: AsyncSession, content: bytes) -> None:
    """Stores the default rules if there are none yet; safe when two processes start at the same time."""
    if (await session.scalars(select(RuleSet.id).limit(1))).first() is None:
        document = read_document(content)
        await _insert(session, rules_from_mapping(document), document)


async def add_rules(change: Change, document: Mapping[str, Any]) -> AttendanceRules:
    """Stores a new version and enqueues all days from its date on. Raises RuleError and ConflictError."""
    rules = rules_from_mapping(document)
    if not await _insert(change.session, rules, document):
        raise ConflictError(f"Rule set {rules.id} version {rules.version} exists. Use a new version for a change.")
    await enqueue_all(change, rules.effective_from, date.max)
    return rules


async def _insert(session: AsyncSession, rules: AttendanceRules, document: Mapping[str, Any]) -> bool:
    values = {
        "id": rules.id,
        "version": rules.version,
        "effective_from": rules.effective_from,
        "decree": rules.decree,
        "window_before_minutes": rules.window_before_minutes,
        "window_after_minutes": rules.window_after_minutes,
        "content": json.dumps(document, default=str),
    }
    return (await session.execute(INSERT_RULE_SET, values)).first() is not None
