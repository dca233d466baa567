"""Punches: stored from every source, listed, retained."""
