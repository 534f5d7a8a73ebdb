"""The log of scans: every confirmed card is one row of `scans.db`, committed before the message is published."""
