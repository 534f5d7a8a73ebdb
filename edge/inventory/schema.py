"""The tables of `inventory.db`, as numbered migrations; released ones are never changed, another is added.

    entry   what somebody says of a scan of `scans.db`; null where nothing is said

The card is a scan's, by its session and row: a log that is begun anew counts its rows from 1 again.
"""

_VERSION_1 = """
CREATE TABLE entry (
    session TEXT NOT NULL,
    scan INTEGER NOT NULL,
    quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity >= 0),
    condition TEXT,
    language TEXT,
    finish TEXT,
    PRIMARY KEY (session, scan)
) STRICT, WITHOUT ROWID;
"""

MIGRATIONS = (_VERSION_1,)
