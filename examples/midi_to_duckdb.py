"""Put what is told of a folder of MIDI files into DuckDB: `python examples/midi_to_duckdb.py FOLDER [DATABASE]`."""

from __future__ import annotations

import sys

import fastcore

COLUMNS = ("path", "status", "code", "duration", "bpm", "bpm_source", "key", "notes", "instruments")
QUESTION = """
    select key, count(*) as songs, round(median(bpm), 1) as bpm
    from songs where status <> 'error' and key is not null
    group by key order by songs desc, key
"""


def table_of(folder: str) -> fastcore.Table:
    """Return a row for each file, in order by path; a file that cannot be read is a row with its reason."""
    return fastcore.midi.analyze_many(folder, columns=COLUMNS)


def store(analysed: fastcore.Table, database: str) -> list[tuple[str, int, float | None]]:
    """Write the table into a database, and return the keys with their songs and median tempo."""
    import duckdb

    with duckdb.connect(database) as connection:
        connection.execute("create or replace table songs as from analysed")  # by name, through Arrow
        rows: list[tuple[str, int, float | None]] = connection.execute(QUESTION).fetchall()
    return rows


def main() -> None:
    database = sys.argv[2] if len(sys.argv) > 2 else ":memory:"
    for key, songs, bpm in store(table_of(sys.argv[1]), database):
        print(f"{key:10} {songs:6} songs, {bpm or '?'} BPM")


if __name__ == "__main__":
    main()
