-- Fits of the share of customer (insight/customer_share.h). `report` is what people are shown of a fit (JSON); what it says of each
-- customer is worked out anew at start.
CREATE TABLE share_fits (
    id INTEGER PRIMARY KEY,
    fitted_ms INTEGER NOT NULL,
    report TEXT NOT NULL
) {strict};
