"""Attendance rules: dated versions with their decree."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import BeforeValidator

from services.attendance.dependencies import BULK_SECONDS, ContextDep, OperatorDep
from services.attendance.regulation.queries import read_rule_sets
from services.attendance.regulation.rule_sets import add_rules
from shared.base.rule_documents import DOCUMENT_BYTES_MAX, read_document
from shared.errors.problem_types import CONFLICT
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/attendance/v1/rules", tags=["rules"])


class RuleItem(Answer, from_attributes=True):
    """A loaded rule set."""

    id: str
    """The rule set's name."""
    version: int
    """Its version, from 1."""
    effective_from: date
    """The first date to which it applies."""
    decree: str
    content: Annotated[dict[str, Any], BeforeValidator(json.loads)]
    """The rules as loaded."""


class RuleLoaded(Answer):
    """The stored version; days from its date on are computed again."""

    id: str
    """The rule set's name."""
    version: int
    """Its version."""
    effective_from: date
    """The first date to which it applies."""


@router.get("")
async def list_rules(context: ContextDep, _: OperatorDep) -> list[RuleItem]:
    """All versions, latest effective date first."""
    return [RuleItem.model_validate(rules) for rules in await context.transact(read_rule_sets)]


@router.post("", status_code=201, responses=refuses(CONFLICT))
async def keep_rules(
    context: ContextDep,
    _: OperatorDep,
    document: Annotated[bytes, Body(media_type="application/yaml", max_length=DOCUMENT_BYTES_MAX)],
) -> RuleLoaded:
    """Stores a version (YAML or JSON text) and computes the days from its date on again."""
    parsed = read_document(document)
    rules = await context.change(lambda change: add_rules(change, parsed), seconds=BULK_SECONDS)
    return RuleLoaded(id=rules.id, version=rules.version, effective_from=rules.effective_from)
