"""Where a card is cut and where its print begins, from strips of pixels to curves."""
