"""Scores: computed again, published, listed; the policies that set them."""
