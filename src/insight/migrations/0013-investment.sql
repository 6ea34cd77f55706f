-- Whom to invest in (insight/investment.h): the newest fit of the tiers, `report` being its cuts, who moved and what each tier brings
-- (JSON), and the state of each customer in it, six bytes a history: its tier, where it leans, the day since (little-endian, 32 bits).
CREATE TABLE investment_fits (
    id INTEGER PRIMARY KEY,
    fitted_ms INTEGER NOT NULL,
    day INTEGER NOT NULL,
    value_fit INTEGER NOT NULL,
    report TEXT NOT NULL
) {strict};

CREATE TABLE investment_states (
    fit INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    states {blob} NOT NULL,
    PRIMARY KEY (fit, chunk)
) {clustered};

-- What is done for the customers of a tier, where it is not the usual. discount_most: of the price, in millionths.
CREATE TABLE investment_plans (
    tier TEXT PRIMARY KEY,
    contacts_per_month INTEGER NOT NULL,
    service TEXT NOT NULL,
    manager INTEGER NOT NULL,
    discount_most INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    by_whom TEXT NOT NULL
) {strict};
