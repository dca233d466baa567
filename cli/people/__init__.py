"""Officers, units, leave, rosters."""
