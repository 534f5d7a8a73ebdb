"""The tables of `inventory.db`, as numbered migrations; released ones are never changed, another is added.

    batch       what holds for cards that are scanned from `started_at` on, until the next batch; null: nothing is said
    entry       what somebody says of a scan of `scans.db`; null: as its batch has it, or as it was recognised
    picture     the picture of a scan that was corrected (JPEG), kept as long as the inventory: the log may let it go
    edit        every change of an entry, so that it can be undone; `undone` ones can be done again
    price_list  files of prices that somebody imported, each of one day and currency
    face        a picture of one side of a scanned card (JPEG), and what somebody has measured on it: the corners of the
                card and of the print in its pixels, and the centering; null before that
    price       a card's price in one of them; a card without a row has none, which is not 0

A card is a scan's, by its session and row: a log that is begun anew counts its rows from 1 again. Times are UTC, ISO
8601; `before`, `after`, `card`, `outer`, `inner` and `centering` are JSON.
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

_VERSION_2 = """
CREATE TABLE said (
    session TEXT NOT NULL,
    scan INTEGER NOT NULL,
    quantity INTEGER,
    condition TEXT,
    language TEXT,
    finish TEXT,
    card_id TEXT,
    card TEXT,
    PRIMARY KEY (session, scan)
) STRICT, WITHOUT ROWID;
INSERT INTO said (session, scan, quantity, condition, language, finish)
    SELECT session, scan, quantity, condition, language, finish FROM entry;
DROP TABLE entry;
ALTER TABLE said RENAME TO entry;
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL,
    label TEXT,
    mode TEXT NOT NULL CHECK (mode IN ('add', 'subtract', 'look')),
    condition TEXT,
    language TEXT,
    finish TEXT,
    set_code TEXT
) STRICT;
CREATE TABLE picture (
    session TEXT NOT NULL,
    scan INTEGER NOT NULL,
    jpeg BLOB NOT NULL,
    PRIMARY KEY (session, scan)
) STRICT;
CREATE TABLE edit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    session TEXT NOT NULL,
    scan INTEGER NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE price_list (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    as_of TEXT NOT NULL,
    currency TEXT NOT NULL,
    imported_at TEXT NOT NULL
) STRICT;
CREATE TABLE price (
    card_id TEXT NOT NULL,
    finish TEXT NOT NULL,
    list INTEGER NOT NULL REFERENCES price_list,
    amount TEXT NOT NULL,
    PRIMARY KEY (card_id, finish)
) STRICT, WITHOUT ROWID;
"""

_VERSION_3 = """
CREATE TABLE face (
    session TEXT NOT NULL,
    scan INTEGER NOT NULL,
    face TEXT NOT NULL CHECK (face IN ('front', 'back')),
    at TEXT NOT NULL,
    jpeg BLOB NOT NULL,
    outer TEXT NOT NULL,
    inner TEXT,
    centering TEXT,
    PRIMARY KEY (session, scan, face)
) STRICT;
"""

MIGRATIONS = (_VERSION_1, _VERSION_2, _VERSION_3)
