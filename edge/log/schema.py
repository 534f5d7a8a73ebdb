"""The tables of `scans.db`, as numbered migrations; released ones are never changed, another is added.

    session   one run of a scanner
    scan      one physical card that was confirmed
    picture   its rectified picture (JPEG), apart from the row, so that reading rows reads no pictures
    track     under which track ids of which sessions it was seen; open while `left_at` is null

Times are UTC, ISO 8601. `card`, `matches` and `centering` are JSON as in the messages, corners in pixels of the frame.
"""

_VERSION_1 = """
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    source TEXT NOT NULL,
    started_at TEXT NOT NULL,
    alive_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE scan (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL REFERENCES session,
    confirmed_at TEXT NOT NULL,
    captured_at TEXT NOT NULL,
    frame_id INTEGER NOT NULL,
    card_id TEXT NOT NULL,
    card TEXT,
    distance REAL,
    probability REAL,
    matches TEXT NOT NULL,
    centering TEXT,
    model_id TEXT NOT NULL,
    database TEXT NOT NULL,
    exported_at TEXT
) STRICT;
CREATE INDEX scan_session ON scan (session);
CREATE INDEX scan_exported ON scan (id) WHERE exported_at IS NOT NULL;
CREATE TABLE picture (
    scan INTEGER PRIMARY KEY REFERENCES scan ON DELETE CASCADE,
    jpeg BLOB NOT NULL
) STRICT;
CREATE TABLE track (
    session TEXT NOT NULL REFERENCES session,
    track_id INTEGER NOT NULL,
    scan INTEGER NOT NULL REFERENCES scan ON DELETE CASCADE,
    corners TEXT NOT NULL,
    left_at TEXT,
    PRIMARY KEY (session, track_id, scan)
) STRICT, WITHOUT ROWID;
CREATE INDEX track_scan ON track (scan);
CREATE INDEX open_track ON track (session) WHERE left_at IS NULL;
"""

# Which card each scan is, without reading the scans themselves: 20,000 rows are 80 MB, and 2 MB of this.
_VERSION_2 = """
CREATE INDEX scan_card ON scan (card_id, confirmed_at, session);
"""

MIGRATIONS = (_VERSION_1, _VERSION_2)
