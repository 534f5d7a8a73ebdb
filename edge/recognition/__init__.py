"""Names a card: embed, search, and tell look-alikes apart."""
