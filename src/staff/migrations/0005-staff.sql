-- People who log in, their sessions, and keys of programs. Secrets are stored hashed.
CREATE TABLE users (
    id         INTEGER PRIMARY KEY,
    email      TEXT NOT NULL UNIQUE,   -- folded to lower case
    name       TEXT NOT NULL,
    language   TEXT NOT NULL,
    password   TEXT NOT NULL,          -- argon2id, libsodium's encoded form
    created_at INTEGER NOT NULL
) {strict};

CREATE TABLE sessions (
    token_hash TEXT NOT NULL PRIMARY KEY,  -- SHA-256 in hex of what the cookie holds
    user_id    INTEGER NOT NULL REFERENCES users (id),
    csrf       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL            -- rounded to SESSION_TOUCH_MS
) {clustered};

CREATE TABLE api_keys (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    scope        TEXT NOT NULL,
    source       TEXT NOT NULL,
    key_hash     TEXT NOT NULL UNIQUE,     -- SHA-256 in hex
    hint         TEXT NOT NULL,            -- the last four characters
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
) {strict};
