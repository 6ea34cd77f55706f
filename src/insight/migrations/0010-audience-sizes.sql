-- How many customers were in an audience (a document), at the last count of that UTC day (days since 1970-01-01).
CREATE TABLE audience_sizes (
    audience INTEGER NOT NULL,
    day INTEGER NOT NULL,
    customers INTEGER NOT NULL,
    PRIMARY KEY (audience, day)
) {clustered};
