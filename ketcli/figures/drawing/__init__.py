"""Pictures on paper: descriptions laid out in points and drawn by matplotlib."""
