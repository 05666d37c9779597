"""Statements held against the data: what a statement asks, what the rows answer, the written rule between them."""
