/* Permission: a customer said on which channel we may contact them, about what and until when; or that we may no longer.
 *
 * Facts    FACT_PERMISSION, with the body {"properties": {"channel", "given", "topic"?, "until"?}, "evidence"?, "by"}. What is
 *          evidence is of one person: it is no property, which conditions could ask for.
 *          No trait, and no event that a shop sends, gives any.
 * Topic    a name of the shop's choice; without one it is about the whole channel.
 * Holds    what was said last, by its time, of that topic or of the whole channel: who wants nothing more on a channel ends
 *          its topics, too. Of one moment what allows less. Until a day: on that day, in the shop's zone, and not after it.
 *          Who never said anything has given none.
 */
#ifndef TENDERO_MEMORY_PERMISSIONS_H
#define TENDERO_MEMORY_PERMISSIONS_H

#include "memory/memory.h"

enum channel { CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_WHATSAPP, CHANNEL_PUSH, CHANNEL_PHONE, CHANNEL_POST, CHANNELS };
#define CHANNEL_NAMES "email, sms, whatsapp, push, phone, post"
const char *channel_name(enum channel);
bool channel_parse(struct slice, enum channel *ret);

#define PERMISSION_TOPIC_MAX 63      // bytes
#define PERMISSION_EVIDENCE_MAX 1000
struct permission {
    enum channel channel;
    struct slice topic;              // empty: the whole channel
    bool given;                      // false: withdrawn
    struct slice until;              // "2027-06-30"; empty: no end
    struct slice evidence;           // how we know: a form, a letter, a call; empty: nobody noted it
};
/* ERR_INVALID: the topic or the evidence is too long, until is no day, or what is withdrawn has one; e->text names the
 * member. */
MUST_CHECK enum err_code permission_check(const struct permission *, struct err *e);
/* On the writer's thread: the customer said so at that time. */
MUST_CHECK enum err_code tx_permission(struct tx *, uint32_t customer, const struct permission *, int64_t timestamp_ms,
                                       struct slice by, uint32_t source, struct err *e);

struct permission_said {
    struct permission permission;
    struct slice by;
    uint32_t source;
    int64_t time_ms, fact;
    bool holds;                      // on that day, of its channel and topic
};
/* What a customer said last of each channel and topic, by channel and then topic; today: days since 1970-01-01 in the shop's
 * zone. Under memory_read_lock; in mem. */
MUST_CHECK enum err_code permissions_of(struct memory *, struct store_conn *, uint32_t root, int32_t today, struct arena *mem,
                                        struct permission_said **ret, size_t *n, struct err *e);

#endif
