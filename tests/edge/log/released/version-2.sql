BEGIN TRANSACTION;
CREATE TABLE picture (
    scan INTEGER PRIMARY KEY REFERENCES scan ON DELETE CASCADE,
    jpeg BLOB NOT NULL
) STRICT;
INSERT INTO "picture" VALUES(1,X'FFD8FFD9');
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
INSERT INTO "scan" VALUES(1,'a','2030-01-01T10:20:30.400+00:00','2030-01-01T10:20:30.300+00:00',9,'ab-7','{"name":"Flabébé","set_code":"ab","set_name":"First Light","number":"7"}',0.123,0.987,'[{"card_id":"ab-7","distance":0.123,"probability":0.987}]',NULL,'model','demo',NULL);
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    device TEXT NOT NULL,
    source TEXT NOT NULL,
    started_at TEXT NOT NULL,
    alive_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "session" VALUES('a','bench','demo','2030-01-01T10:20:00.000+00:00','2030-01-01T10:20:30.400+00:00');
CREATE TABLE track (
    session TEXT NOT NULL REFERENCES session,
    track_id INTEGER NOT NULL,
    scan INTEGER NOT NULL REFERENCES scan ON DELETE CASCADE,
    corners TEXT NOT NULL,
    left_at TEXT,
    PRIMARY KEY (session, track_id, scan)
) STRICT, WITHOUT ROWID;
INSERT INTO "track" VALUES('a',4,1,'[[0.0, 0.0], [1.0, 0.0], [1.0, 1.4], [0.0, 1.4]]',NULL);
CREATE INDEX scan_session ON scan (session);
CREATE INDEX scan_exported ON scan (id) WHERE exported_at IS NOT NULL;
CREATE INDEX track_scan ON track (scan);
CREATE INDEX open_track ON track (session) WHERE left_at IS NULL;
CREATE INDEX scan_card ON scan (card_id, confirmed_at, session);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('scan',1);
COMMIT;
PRAGMA user_version = 2;
