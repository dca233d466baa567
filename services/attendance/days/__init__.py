"""An officer's daily status: evidence, rules, recomputation, publication."""
