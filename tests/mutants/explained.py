"""Survivors that are equivalent to the original or do not matter, each with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.parts import ROOT

__all__ = ["Change", "Explanation", "change_of", "read_explanations", "unused"]

FOLDER = ROOT / "tests" / "mutants" / "explained"


@dataclass(frozen=True)
class Change:
    """What a mutant changes in a function. Lines without their indentation, so that it survives a move of the code."""

    file: str
    function: str
    old: str
    new: str


@dataclass(frozen=True)
class Explanation:
    change: Change
    reason: str


def change_of(outcome: dict[str, Any]) -> Change:
    """The change that a mutant's diff shows: `services.scoring.policy.rules.score.x_band_of__mutmut_1` is in `band_of`."""
    name = outcome["mutant"].rpartition(".")[2].rpartition("__mutmut_")[0]
    function = name.removeprefix("xǁ").replace("ǁ", ".") if name.startswith("xǁ") else name.removeprefix("x_")
    lines = outcome["diff"].splitlines()[2:]  # after the names of the files
    old, new = ("\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return Change(outcome["file"], function, old, new)


def read_explanations(part: str, folder: Path = FOLDER) -> list[Explanation]:
    path = folder / f"{part}.toml"
    if not path.exists():
        return []
    return [_explanation(entry) for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("explained", [])]


def _explanation(entry: dict[str, str]) -> Explanation:
    old, new = ("\n".join(line.strip() for line in entry[key].strip().splitlines()) for key in ("old", "new"))
    return Explanation(Change(entry["file"], entry["function"], old, new), entry["reason"])


def unused(explanations: Iterable[Explanation], survivors: Iterable[Change]) -> list[Explanation]:
    """Explanations of mutants that no longer exist, or that a test notices now."""
    found = set(survivors)
    return [explanation for explanation in explanations if explanation.change not in found]
