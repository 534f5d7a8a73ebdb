"""Trains the network that proposes card outlines."""
