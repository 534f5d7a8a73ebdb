"""A card laid upon its reference picture."""
