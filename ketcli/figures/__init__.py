"""Pictures of reports: descriptions built from a report's own rows, drawn by matplotlib as SVG, PNG or PDF."""
