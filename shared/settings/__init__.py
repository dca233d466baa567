"""Settings from the environment, with one line per fault."""
