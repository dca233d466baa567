"""What an operator should notice: silent machines, rosters that end."""
