"""Pure rules of public feedback: no clock, no randomness, no I/O."""
