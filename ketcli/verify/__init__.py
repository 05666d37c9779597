"""Published worked examples that ship with the program, and the engine's answer to each of them."""
