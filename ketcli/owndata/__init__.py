"""What a stranger's table holds: columns by their meaning, rows as trials, and what looks wrong in them."""
