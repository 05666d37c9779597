"""Data in: where the tables are, what their columns mean, loading and checking."""
