"""Two-by-two tables pooled without inverse variances: Mantel-Haenszel and Peto."""
