-- Who is who. The rules are in memory/customers.h; memory/customers_load.c reads all of this at start.

-- One row a history. seen_with: the first history with a userId that came in one event with it.
CREATE TABLE customers (
    id         INTEGER NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    seen_with  INTEGER,
    user_id    TEXT,
    name       TEXT,
    email      TEXT,
    country    TEXT
) {strict};

-- (kind, value) is unique, which the table in memory sees to: ordered by history, new rows fall on the
-- last page, where an order by value would touch a random page for each new visitor.
CREATE TABLE identifiers (
    history INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    value   TEXT NOT NULL,  -- folded
    shown   TEXT,           -- as it came, where that differs
    since   INTEGER NOT NULL,
    source  INTEGER NOT NULL,
    shared  INTEGER NOT NULL,
    PRIMARY KEY (history, kind, value)
) {clustered};

-- One row a link, undone or not; id is the seq of its fact.
CREATE TABLE merges (
    id        INTEGER NOT NULL PRIMARY KEY,
    winner    INTEGER NOT NULL,
    loser     INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    made_by   TEXT NOT NULL,
    note      TEXT NOT NULL,
    made_at   INTEGER NOT NULL,
    undone_at INTEGER
) {strict};

CREATE TABLE suggestions (
    id           INTEGER NOT NULL PRIMARY KEY,
    a            INTEGER NOT NULL,  -- a < b
    b            INTEGER NOT NULL,
    code         TEXT NOT NULL,
    value        TEXT NOT NULL,
    made_at      INTEGER NOT NULL,
    dismissed_at INTEGER,
    UNIQUE (a, b, code)
) {strict};
CREATE INDEX suggestions_value ON suggestions (value, code);

CREATE TABLE memberships (
    person  INTEGER NOT NULL,
    account INTEGER NOT NULL,
    role    TEXT NOT NULL,
    since   INTEGER NOT NULL,
    ended   INTEGER,
    PRIMARY KEY (person, account, role)
) {clustered};
CREATE INDEX memberships_account ON memberships (account);
