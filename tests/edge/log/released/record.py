"""Records a file of the present version: one scan, its picture and its track."""

import sqlite3
from pathlib import Path

from edge.log.schema import MIGRATIONS

connection = sqlite3.connect(":memory:", isolation_level=None)
for script in MIGRATIONS:
    connection.executescript(script)
connection.executescript(
    """
    INSERT INTO session VALUES ('a', 'bench', 'demo', '2030-01-01T10:20:00.000+00:00', '2030-01-01T10:20:30.400+00:00');
    INSERT INTO scan VALUES (1, 'a', '2030-01-01T10:20:30.400+00:00', '2030-01-01T10:20:30.300+00:00', 9, 'ab-7',
        '{"name":"Flabébé","set_code":"ab","set_name":"First Light","number":"7"}', 0.123, 0.987,
        '[{"card_id":"ab-7","distance":0.123,"probability":0.987}]', NULL, 'model', 'demo', NULL);
    INSERT INTO picture VALUES (1, x'ffd8ffd9');
    INSERT INTO track VALUES ('a', 4, 1, '[[0.0, 0.0], [1.0, 0.0], [1.0, 1.4], [0.0, 1.4]]', NULL);
    """
)
lines = [*connection.iterdump(), f"PRAGMA user_version = {len(MIGRATIONS)};"]
target = Path(__file__).with_name(f"version-{len(MIGRATIONS)}.sql")
target.write_text("\n".join(lines) + "\n", encoding="utf-8")
