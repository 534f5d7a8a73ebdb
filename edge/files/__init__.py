"""What is read as a file, and what may be written over."""
