/* A fact: one thing that happened, appended to the log and never changed.
 *
 * Corrections and deletions are facts themselves; readers see the edited view (log.h).
 * Times are the four of the Segment contract: `timestamp` (when it happened, by our clock),
 * `original` (what the client said), `sent` (the client's clock when sending), `received` (ours).
 */
#ifndef TENDERO_MEMORY_FACT_H
#define TENDERO_MEMORY_FACT_H

#include "base/err.h"
#include "base/slice.h"

enum fact_type {
    FACT_TRACK, FACT_IDENTIFY, FACT_PAGE, FACT_SCREEN, FACT_GROUP, FACT_ALIAS,  // from outside
    FACT_DECISION,    // what was proposed to whom, with reasons
    FACT_MERGE,       // two histories joined; body {"winner","loser","reason","by","note"}
    FACT_UNMERGE,     // body {"merge": seq}
    FACT_CORRECTION,  // body {"seq", "patch"}: RFC 7396 merge patch of that fact's body
    FACT_DELETION,    // body {"seq"}: that fact counts no longer
    FACT_TRAIT,       // declared by staff, or {"provenance": "inferred"} by a model; body {"traits": {...}}
    FACT_MEMBERSHIP,  // body {"account","role","ended"?}
    FACT_CATALOGUE,   // a product or category changed; body is what it is now
    FACT_PERMISSION,  // given or withdrawn (permissions.h)
    FACT_AUDIENCE,    // came into an audience or left it (insight/roster.h); of nobody: another version counts
    FACT_TYPES
};

#define FACT_NO_TIME INT64_MIN
#define FACT_NOBODY 0u  // a fact of no known customer: a till sale, a catalogue change

struct fact {
    int64_t seq;        // 1, 2, … given by tx_append
    enum fact_type type;
    uint32_t customer;  // the history (leaf) it belongs to, for ever; FACT_NOBODY
    uint32_t source;    // sources.id
    struct slice event; // name of a track, page or screen; empty otherwise
    struct slice message_id;
    int64_t timestamp_ms, original_ms, sent_ms, received_ms;  // FACT_NO_TIME where absent
    struct slice body;  // a JSON object, as it came
    bool corrected;     // on reading: body has been patched
    bool deleted;       // on reading: has been taken back (only readers that ask see it)
};

const char *fact_type_name(enum fact_type type);  // "track"
bool fact_type_parse(struct slice name, enum fact_type *ret);

#endif
