"""What small studies and selective reporting may do: asymmetry tests, trim and fill, selection models."""
