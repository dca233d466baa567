"""Machines: registration, placements, watermark, outages and clock corrections."""
