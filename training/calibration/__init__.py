"""What evidence is worth in a gallery: measured by leaving each art out of it in turn."""
