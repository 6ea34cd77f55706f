-- The log's tables of facts are made at run time, one a part (memory/log.c): facts_000001, facts_000002 ...
-- filter, customers and the two lists of heads are what a start needs of a sealed part without reading it
-- (memory/log_filter.h, log_members.h, log_index.h).
CREATE TABLE log_parts (
    number INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER,
    opened_at INTEGER NOT NULL,
    sealed_at INTEGER,
    oldest_timestamp INTEGER,
    newest_timestamp INTEGER,
    types INTEGER,
    filter {blob},
    customers {blob},
    customer_heads {blob},
    message_heads {blob}
) {strict};

-- Sealed parts' indexes by customer and by message id, sorted, 4,000 bytes a row (memory/log_index.h).
CREATE TABLE log_index (
    id INTEGER PRIMARY KEY,
    bytes {blob} NOT NULL
) {strict};

CREATE TABLE fact_edits (
    seq INTEGER NOT NULL,
    by_seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    patch TEXT,
    PRIMARY KEY (seq, by_seq)
) {clustered};

CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) {strict};

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) {clustered};
