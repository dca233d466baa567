"""Officers and units: the roster, transfers, and the records that other services receive."""
