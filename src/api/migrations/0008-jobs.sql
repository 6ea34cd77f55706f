-- Imports and evaluations, for people to look back on. result: the figures of an evaluation.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    format TEXT NOT NULL,
    dry_run INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    bytes_done INTEGER NOT NULL,
    bytes_total INTEGER NOT NULL,
    rows_read INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    facts INTEGER NOT NULL,
    amount_micro INTEGER NOT NULL,
    rows_per_second INTEGER NOT NULL,
    error TEXT NOT NULL,
    result TEXT NOT NULL
) {strict};
