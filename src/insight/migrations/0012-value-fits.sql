-- Models of what customers are worth, each as it was fitted on the shop's own orders (insight/valuation.h). `model` is the one that
-- foretold best, `parameters` what is needed to foretell (JSON), `report` what people are shown of the fit (JSON).
CREATE TABLE value_fits (
    id INTEGER PRIMARY KEY,
    fitted_ms INTEGER NOT NULL,
    model TEXT NOT NULL,
    parameters TEXT NOT NULL,
    report TEXT NOT NULL
) {strict};
