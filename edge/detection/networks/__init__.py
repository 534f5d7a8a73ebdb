"""The detector's networks: one proposes outlines, one places sides."""
