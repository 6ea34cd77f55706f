-- type and rule: the numbers of enum trait_type and enum trait_rule (traits.h); decided: set by a person.
CREATE TABLE trait_schema (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    type INTEGER NOT NULL,
    rule INTEGER NOT NULL,
    decided INTEGER NOT NULL DEFAULT 0,
    label_en TEXT NOT NULL DEFAULT '',
    label_es TEXT NOT NULL DEFAULT '',
    purpose TEXT NOT NULL DEFAULT '',
    first_seen_ms INTEGER NOT NULL,
    customers INTEGER NOT NULL DEFAULT 0
) {strict};

-- The newest value of each (history, trait, source, provenance), as JSON; 'null': taken back.
CREATE TABLE traits (
    customer INTEGER NOT NULL,
    trait INTEGER NOT NULL,
    source INTEGER NOT NULL,
    provenance INTEGER NOT NULL,
    value TEXT NOT NULL,
    time INTEGER NOT NULL,
    fact INTEGER NOT NULL,
    PRIMARY KEY (customer, trait, source, provenance)
) {clustered};
