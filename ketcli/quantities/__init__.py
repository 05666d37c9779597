"""Single numbers as the other commands compute them, for what is set beside them: reviews, claims."""
