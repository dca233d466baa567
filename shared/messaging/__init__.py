"""Events: consumed and produced exactly once in effect."""
