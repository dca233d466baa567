"""Score policies: dated rule sets with their decree."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body

from services.scoring.dependencies import ContextDep, OperatorDep, PoliciesDep, ReaderDep
from services.scoring.policy.policies import load_policy, score_policies
from services.scoring.scores.rescore import rescore
from shared.base.rule_documents import DOCUMENT_BYTES_MAX, read_document
from shared.contracts.semester import Semester
from shared.errors.problem_types import CONFLICT
from shared.openapi.models import Answer
from shared.openapi.refusals import refuses

__all__ = ["router"]

router = APIRouter(prefix="/scores", tags=["policies"])


class PolicyItem(Answer):
    """A policy as loaded."""

    id: str
    """The policy's name."""
    version: int
    """Its version, from 1."""
    effective_from: date
    """It applies to semesters that begin on or after this date."""
    decree: str
    content: dict[str, Any]
    """The rules as loaded."""


class PolicyLoaded(Answer):
    """The policy's name, and the number of recomputed scores."""

    id: str
    """The policy's name."""
    version: int
    """Its version."""
    rescored: int
    """The number of recomputed scores."""


@router.get("/v1/policies")
async def list_policies(context: ContextDep, _: ReaderDep) -> list[PolicyItem]:
    """Lists all policies, the latest effective date first."""
    return [
        PolicyItem(
            id=document.id,
            version=document.version,
            effective_from=document.effective_from,
            decree=document.decree,
            content=json.loads(document.content),
        )
        for document in await context.transact(score_policies)
    ]


@router.post("/v1/policies", status_code=201, responses=refuses(CONFLICT))
async def add_policy(
    context: ContextDep,
    policies: PoliciesDep,
    _: OperatorDep,
    document: Annotated[bytes, Body(media_type="application/yaml", max_length=DOCUMENT_BYTES_MAX)],
) -> PolicyLoaded:
    """Adds a policy (YAML or JSON text). It applies to semesters that begin on or after its date."""
    parsed = read_document(document)
    policy = await context.transact(lambda s: load_policy(s, parsed, context.clock.now()))
    rescored = await rescore(context, policies, Semester.of(policy.effective_from))
    return PolicyLoaded(id=policy.id, version=policy.version, rescored=rescored)
