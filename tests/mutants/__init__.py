"""`make mutants`: puts mistakes into a copy of the code and reports those that no test notices. See docs/testing.md."""
