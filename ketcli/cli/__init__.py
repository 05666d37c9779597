"""The command line: parse options, call one summary, hand its Report to one renderer."""
