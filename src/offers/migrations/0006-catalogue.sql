-- Products, variants, categories. Amounts in millionths; NULL price: unknown; stock -1: not counted.
CREATE TABLE categories (
    id      TEXT NOT NULL PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_es TEXT NOT NULL,
    parent  TEXT NOT NULL
) {clustered};

CREATE TABLE products (
    id          TEXT NOT NULL PRIMARY KEY,
    title       TEXT NOT NULL,
    folded      TEXT NOT NULL,  -- title and id as people search
    description TEXT NOT NULL,
    category    TEXT NOT NULL,
    kind        TEXT NOT NULL,
    active      INTEGER NOT NULL,
    price       INTEGER,
    stock       INTEGER NOT NULL,
    image_url   TEXT NOT NULL,
    url         TEXT NOT NULL
) {clustered};

CREATE TABLE variants (
    product    TEXT NOT NULL,
    id         TEXT NOT NULL,
    title      TEXT NOT NULL,
    attributes TEXT NOT NULL,
    price      INTEGER,
    stock      INTEGER NOT NULL,
    PRIMARY KEY (product, id)
) {clustered};
