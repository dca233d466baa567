"""Checks of the running system."""
