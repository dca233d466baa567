"""An officer's semester totals, and what each fact adds to them."""
