"""Officers and their units, from the attendance service."""
