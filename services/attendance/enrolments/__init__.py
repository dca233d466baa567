"""Which officer has a PIN on which machine, and since when."""
