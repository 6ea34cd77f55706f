-- Audiences: a condition in FEEL by name. Every change is a version; the highest counts. by: an e-mail address or key.
CREATE TABLE audiences (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL
) {strict};

CREATE TABLE audience_versions (
    audience INTEGER NOT NULL,
    version INTEGER NOT NULL,
    condition TEXT NOT NULL,
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (audience, version)
) {clustered};

-- How many were in, at the last count of that UTC day (days since 1970-01-01).
CREATE TABLE audience_sizes (
    audience INTEGER NOT NULL,
    day INTEGER NOT NULL,
    customers INTEGER NOT NULL,
    PRIMARY KEY (audience, day)
) {clustered};
