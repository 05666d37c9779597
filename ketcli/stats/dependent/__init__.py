"""Effects that depend on each other: three levels, shared controls, cluster-robust errors."""
