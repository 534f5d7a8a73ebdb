"""What the lens and the tilt of the card do to lengths."""
