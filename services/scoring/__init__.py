"""Policy, facts, semester totals, scores, objections and the discipline counter."""
