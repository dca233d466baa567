"""The satisfaction index of a unit."""
