"""Single photos: which cards are in one, and drawing them."""
