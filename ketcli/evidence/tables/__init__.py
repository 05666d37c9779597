"""The tables of the dataset, a module per subject."""
