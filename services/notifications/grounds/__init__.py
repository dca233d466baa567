"""The rule set of notices, and the records that justify a notice."""
