"""What each picture shows, taken from the rows of a report: frozen data, nothing drawn, matplotlib unknown."""
