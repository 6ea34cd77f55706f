-- Named texts with versions: conditions of audiences, decision models. Every change is a version; the highest counts.
-- author: an e-mail address or key.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (kind, name)
) {strict};

CREATE TABLE document_versions (
    document INTEGER NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    note TEXT NOT NULL,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (document, version)
) {clustered};
