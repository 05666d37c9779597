"""What the names of other people's columns mean: results, arms, sides, parts."""
