"""`python -m tests.mutants [PART ...] [--again] [--only TEXT]`: the pure rules of each part, and `mistakes`."""

from __future__ import annotations

import argparse
import sys

from tests.mutants.mistakes import run_mistakes
from tests.mutants.parts import PARTS
from tests.mutants.pure_rules import run_part


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} or mistakes; without one, all")
    parser.add_argument("--again", action="store_true", help="try only the survivors of the last run again")
    parser.add_argument("--only", default="", metavar="TEXT", help="only mistakes with this text in list or name")
    wanted = parser.parse_args()
    unknown = set(wanted.parts) - {*PARTS, "mistakes"}
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}, mistakes")
    chosen = wanted.parts or [*PARTS, "mistakes"]
    results = [
        run_mistakes(wanted.only) if part == "mistakes" else run_part(part, again=wanted.again) for part in chosen
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
