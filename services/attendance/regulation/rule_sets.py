"""The attendance rules in the database: dated versions, loaded from YAML or sent by the operator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from services.attendance.day_queue.change import Change
from services.attendance.day_queue.enqueue import enqueue_all
from services.attendance.regulation.rules.rule_set import AttendanceRules, InvalidRulesError, rules_from_mapping
from services.attendance.regulation.tables import RuleSet
from shared.base.rule_documents import read_document
from shared.contracts.base import Code, Identifier
from shared.errors.errors import ConflictError, InvalidError

__all__ = ["add_rules", "load_default_rules"]

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)
_CODE: TypeAdapter[str] = TypeAdapter(Code)
_BAND_FIELDS = frozenset({"from_minute", "percent", "code"})

INSERT_RULE_SET = text(
    "insert into rule_set (id, version, effective_from, decree, content)"
    " values (:id, :version, :effective_from, :decree, :content) on conflict do nothing returning 1"
)


async def load_default_rules(session: AsyncSession, content: bytes) -> None:
    """Stores the default rules if there are none yet; safe when two processes start at the same time."""
    if (await session.scalars(select(RuleSet.id).limit(1))).first() is None:
        document = read_document(content)
        await _insert(session, _parsed(document), document)


async def add_rules(change: Change, document: Mapping[str, Any]) -> AttendanceRules:
    """Stores a new version and enqueues all days from its date on. Raises InvalidError and ConflictError."""
    rules = _parsed(document)
    if not await _insert(change.session, rules, document):
        raise ConflictError(f"Rule set {rules.id} version {rules.version} exists. Use a new version for a change.")
    await enqueue_all(change, rules.effective_from, date.max)
    return rules


def _parsed(document: Mapping[str, Any]) -> AttendanceRules:
    try:
        rules = rules_from_mapping(document)
        _IDENTIFIER.validate_python(rules.id)
        _IDENTIFIER.validate_python(rules.decree)
        for band in (*rules.late_bands, *rules.early_bands):
            _CODE.validate_python(band.code)
    except InvalidRulesError as error:
        raise InvalidError(f"The rule set cannot be used: {error}.") from error
    except ValidationError as error:
        raise InvalidError(
            f"The rule set cannot be used: id, decree or a band's code: {error.errors()[0]['msg']}."
        ) from error
    # YAML aliases can repeat one part many times: only validated fields may be written out.
    if any(not set(band) <= _BAND_FIELDS for name in ("late_bands", "early_bands") for band in document[name]):
        raise InvalidError(f"The rule set cannot be used: a band must have exactly {', '.join(sorted(_BAND_FIELDS))}.")
    return rules


async def _insert(session: AsyncSession, rules: AttendanceRules, document: Mapping[str, Any]) -> bool:
    values = {
        "id": rules.id,
        "version": rules.version,
        "effective_from": rules.effective_from,
        "decree": rules.decree,
        "content": json.dumps(document, default=str),
    }
    return (await session.execute(INSERT_RULE_SET, values)).first() is not None
