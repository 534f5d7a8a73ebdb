"""From card images to a card database."""
