"""Shift rosters: officers' entries by date, and who works by roster only."""
