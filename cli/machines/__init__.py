"""Machines and their proof of identity."""
