"""An officer's inbox page."""
