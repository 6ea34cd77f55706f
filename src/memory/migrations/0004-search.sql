-- What a history can be found by: name as shown, folded, and its words, each with a blank before it.
CREATE TABLE search_docs (
    customer INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    terms TEXT NOT NULL
) {strict};

CREATE TABLE search_terms (
    term TEXT NOT NULL,
    customer INTEGER NOT NULL,
    PRIMARY KEY (term, customer)
) {clustered};

CREATE TABLE customer_names (
    name TEXT NOT NULL,
    customer INTEGER NOT NULL,
    PRIMARY KEY (name, customer)
) {clustered};

-- Events that were refused, the newest 10,000, without keys.
CREATE TABLE rejections (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    source INTEGER NOT NULL,
    code TEXT NOT NULL,
    body TEXT NOT NULL
) {strict};
