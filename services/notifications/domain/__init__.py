"""Pure rules of notices: nothing here reads a clock, a database or a network."""
