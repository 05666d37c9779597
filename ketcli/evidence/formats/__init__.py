"""Ways in which people keep tables: compressed, in workbooks, as other programs export them."""
