"""Rule sets of scoring, and the score of given totals by a policy."""
