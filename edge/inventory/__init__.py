"""The inventory: what people say of the cards that were scanned. The page writes it, exports read it."""
