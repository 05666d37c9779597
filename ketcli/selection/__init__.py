"""Which rows answer a question: filters, time windows, one row per study, nobody twice; every choice recorded."""
