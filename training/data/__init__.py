"""The cards that networks learn and are measured on, and the batches made of them."""
