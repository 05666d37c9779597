"""Entering a study into people's own data: what is asked, how answers are checked, and where the rows go."""
