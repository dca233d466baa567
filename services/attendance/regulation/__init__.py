"""The rule sets of attendance: deductions, windows and grace times with their sources."""
