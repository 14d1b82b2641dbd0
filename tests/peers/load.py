"""Loads JSON lines with a tool that people use for this today, and says what that took.

load.py duckdb|sqlite-utils FILE DATABASE

Each tool does what its own manual shows, with its own defaults; nothing is verified, sealed or minimised. DuckDB has
no text index: its table is scanned. sqlite-utils gets a full-text index over all columns. Prints one line of JSON:
records, elapsed seconds, processor seconds and the most memory that was resident, in bytes.
"""

import json
import re
import sys
import time


def with_duckdb(file: str, database: str) -> int:
    import duckdb

    connection = duckdb.connect(database)
    connection.execute(
        "CREATE TABLE records AS SELECT * FROM read_json(?, format = 'newline_delimited')", [file]
    )
    connection.execute("CHECKPOINT")
    (records,) = connection.execute("SELECT count(*) FROM records").fetchone()
    connection.close()
    return records


def with_sqlite_utils(file: str, database: str) -> int:
    import sqlite_utils

    db = sqlite_utils.Database(database)
    table = db["records"]
    with open(file, encoding="utf-8") as lines:
        table.insert_all(json.loads(line) for line in lines)
    table.enable_fts([column.name for column in table.columns if column.type == "TEXT"])
    return table.count


LOADS = {"duckdb": with_duckdb, "sqlite-utils": with_sqlite_utils}


def peak() -> int:
    """Most memory that was resident, in bytes: of this program, not of the one that started it (proc(5))."""
    with open("/proc/self/status", encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) * 1024


def main() -> None:
    _, tool, file, database = sys.argv
    start, before = time.perf_counter(), time.process_time()
    records = LOADS[tool](file, database)
    took = {"wall": time.perf_counter() - start, "cpu": time.process_time() - before}
    print(json.dumps({"records": records, "cost": took, "peak": peak()}))


if __name__ == "__main__":
    main()
