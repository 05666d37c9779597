"""The data for other programs: comparisons for meta-analysis packages, whole tables for all others."""
