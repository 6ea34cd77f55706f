-- What imports brought in, by the importer's own key: a second run finds its rows here for ever, where the
-- log remembers messageIds for a month.
CREATE TABLE import_seen (
    source INTEGER NOT NULL,
    key    TEXT NOT NULL,
    hash   INTEGER NOT NULL,  -- of the content: another one is a change
    PRIMARY KEY (source, key)
) {clustered};
