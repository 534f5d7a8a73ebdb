"""The live page: a process of its own that follows a scanner and shows it in a browser."""
