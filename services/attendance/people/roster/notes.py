"""What the report of a roster import says besides numbers: what an operator may not have meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.attendance.people.roster.file import RosterLine
from services.attendance.people.roster.stored import OPTIONAL_FIELDS, RosterOfficer, read_unit_sizes

__all__ = ["removed_values", "renamed_units"]

_LINES_MAX = 10
"""Line numbers in a note on removed values."""
_UNITS_MAX = 20
"""Notes on renamed units in a report; a further one counts the others."""


async def renamed_units(session: AsyncSession, names: Mapping[str, str], former_names: Mapping[str, str]) -> list[str]:
    """One note for each unit that has a new name: it applies also to the officers that the file does not name."""
    renamed = {unit: name for unit, name in names.items() if former_names.get(unit, name) != name}
    if not renamed:
        return []
    sizes = await read_unit_sizes(session, renamed)
    notes = [
        f"The unit {unit} is renamed from {former_names[unit]} to {name}. Officers in it: {sizes.get(unit, 0)}."
        for unit, name in list(renamed.items())[:_UNITS_MAX]
    ]
    more = len(renamed) - len(notes)
    return [*notes, f"{more} more units are renamed."] if more else notes


def removed_values(
    lines: Sequence[RosterLine], imported: Mapping[str, RosterOfficer], stored: Mapping[str, RosterOfficer]
) -> list[str]:
    """One note for each column whose blank cells removed stored values."""
    notes = []
    for column, field in OPTIONAL_FIELDS.items():
        rows = [
            line.row
            for line in lines
            if line.nip in stored
            and getattr(stored[line.nip], field) is not None
            and getattr(imported[line.nip], field) is None
        ]
        if rows:
            places = ", ".join(str(row.line) for row in rows[:_LINES_MAX])
            more = ", …" if len(rows) > _LINES_MAX else ""
            notes.append(
                f"{rows[0].titles[column]} was removed from {len(rows)} of the officers, because the cell is blank"
                f" (line {places}{more}). To keep stored values, leave the column out."
            )
    return notes
