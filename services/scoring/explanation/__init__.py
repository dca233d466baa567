"""An officer's score with everything behind it, as JSON and as a page."""
