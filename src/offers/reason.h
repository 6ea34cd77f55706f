/* Reasons in words, English and Spanish, from a code and its numbers. */
#ifndef TENDERO_OFFERS_REASON_H
#define TENDERO_OFFERS_REASON_H

#include "offers/decide.h"

struct reason {
    enum reason_code code;
    uint32_t count, times;
    int64_t because_ms, now_ms;      // because_ms FACT_NO_TIME: no date is said
    struct slice because, category;  // titles as the catalogue has them
};
void reason_text(const struct reason *, const char *lang, struct buf *out);
/* "March", "March 2025", the year only where it is not this one. */
void reason_month_name(int64_t ms, int64_t now_ms, const char *lang, struct buf *out);
/* "2026-03" */
void reason_month(int64_t ms, char out[8]);

#endif
