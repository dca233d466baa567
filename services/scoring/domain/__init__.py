"""Pure rules of scoring: no clock, no randomness, no I/O."""
