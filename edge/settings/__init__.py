"""What can be configured, and how a wrong value is told."""
