-- Fits of the models of what to propose (insight/recommendations.h). `version` describes the models, `learnt` what was learnt until
-- then: when, on how many orders, and the proof with weights and settings (both JSON). The models themselves are fitted anew at start.
CREATE TABLE recommend_fits (
    id INTEGER PRIMARY KEY,
    fitted_ms INTEGER NOT NULL,
    version TEXT NOT NULL,
    learnt TEXT NOT NULL
) {strict};
