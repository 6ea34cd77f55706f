-- Who came into which audience (a document) and who left it, as the fact `seq` of the log says it.
-- because: fact (then cause is its seq), time, tiers, audience (then cause is that audience), recount.
CREATE TABLE audience_changes (
    audience INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    customer INTEGER NOT NULL,
    entered INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    because TEXT NOT NULL,
    cause INTEGER NOT NULL,
    PRIMARY KEY (audience, seq)
) {clustered};

CREATE INDEX audience_changes_customer ON audience_changes (customer, audience, seq);

-- Who was in when the newest version of an audience began to count: a bit a history, little-endian words of 64.
CREATE TABLE audience_starts (
    audience INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    bits {blob} NOT NULL
) {strict};
