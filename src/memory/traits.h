/* What is known about a customer: typed traits with time, source, provenance and purpose.
 *
 * Shape     the newest value per (history, trait, source, provenance) is kept; older ones are in the facts
 *           they came in (traits_history). A customer's value is chosen among those of all its histories
 *           by the trait's rule: `latest` time; `strongest` provenance (declared > observed > inferred),
 *           then latest; `all`: the distinct values as an array, newest first.
 * Schema    a trait is known from first sight with the type of its value; another type later makes it
 *           `mixed` until somebody decides. Label, type, rule and purpose are editable; when a type is set,
 *           values that do not fit are still kept, and shown with a flag.
 *           At most LIMIT_TRAIT_SCHEMA names: values of further ones stay in their facts alone.
 * null      identify with null takes the value back (as of that time).
 * Times     a value that is said again counts as of then, so that the order of arrival decides nothing. What
 *           devices observe with every event keeps the time it was first seen with: no write per event.
 */
#ifndef TENDERO_MEMORY_TRAITS_H
#define TENDERO_MEMORY_TRAITS_H

#include "memory/memory.h"
#include "text/json.h"

enum provenance { PROVENANCE_DECLARED, PROVENANCE_OBSERVED, PROVENANCE_INFERRED };
enum trait_rule { RULE_LATEST, RULE_STRONGEST, RULE_ALL };
enum trait_type { TRAIT_TEXT, TRAIT_NUMBER, TRAIT_BOOLEAN, TRAIT_DATE, TRAIT_LIST, TRAIT_OBJECT, TRAIT_MIXED };
const char *provenance_name(enum provenance);
const char *trait_rule_name(enum trait_rule);
const char *trait_type_name(enum trait_type);
bool trait_rule_parse(struct slice, enum trait_rule *);
bool trait_type_parse(struct slice, enum trait_type *);

struct trait_value {
    struct slice value;  // JSON
    int64_t time_ms, fact;
    uint32_t source, history;
    enum provenance provenance;
};
struct trait {
    struct slice name, label_en, label_es, purpose;
    enum trait_type type;
    enum trait_rule rule;
    struct trait_value chosen;             // for RULE_ALL: value is the array
    const struct trait_value *others;      // every other candidate, newest first
    size_t n_others;
    bool fits;                             // the chosen value is of the schema's type
};
/* All traits of a customer by name; in mem. Under the read lock. */
MUST_CHECK enum err_code traits_of(struct memory *, struct store_conn *, uint32_t root, struct arena *mem,
                                   struct trait **ret, size_t *n, struct err *e);
/* The newest word of that provenance about a trait of this customer, as JSON: "null" where it took the value back;
 * empty: there was none. Under the read lock. */
MUST_CHECK enum err_code traits_word(struct memory *, struct store_conn *, uint32_t root, struct slice name,
                                     enum provenance, struct arena *mem, struct slice *ret, struct err *e);
/* What a customer is called, shown by or found by: a trait of this name is read into faces and the search. */
bool search_reads(struct slice trait_name);
/* Every value a trait ever had for this customer, newest first, from the facts. */
MUST_CHECK enum err_code traits_history(struct memory *, struct store_conn *, uint32_t root,
                                        struct slice name, size_t limit, struct arena *mem,
                                        struct trait_value **ret, size_t *n, struct err *e);

/* Sets the members of a JSON object as traits of a history. Reserved members follow Segment's spec: name,
 * firstName, lastName, email, phone, address.country … feed the face and the search. `provenance`:
 * identify is declared, what the server derives is observed or inferred. */
MUST_CHECK enum err_code tx_traits_set(struct tx *, uint32_t history, struct json object,
                                       enum provenance, uint32_t source, int64_t time_ms, int64_t fact,
                                       struct err *e);
/* Forgets a history's declared traits and sets them again from its (edited) facts: after a correction or
 * deletion, the inferred ones too. An observed one stays while the fact it came in says it. Staff sets traits
 * by a FACT_TRAIT with body {"traits": {...}} and tx_traits_set, a model by one that says "provenance": "inferred". */
MUST_CHECK enum err_code tx_traits_rebuild(struct tx *, uint32_t history, struct err *e);

struct trait_schema {
    struct slice name, label_en, label_es, purpose;
    enum trait_type type;
    enum trait_rule rule;
    int64_t first_seen_ms, customers;  // customers: histories that have, or took back, a value
};
MUST_CHECK enum err_code trait_schemas(struct store_conn *, struct arena *mem, struct trait_schema **ret,
                                       size_t *n, struct err *e);
/* Empty slices and negative enums leave a member as it is. */
struct trait_schema_edit {
    struct slice label_en, label_es, purpose;
    int type, rule;  // -1: unchanged
};
MUST_CHECK enum err_code tx_trait_schema_edit(struct tx *, struct slice name,
                                              const struct trait_schema_edit *, struct err *e);

/* Search as people type: each word of q is a prefix of a word of the customer's name, e-mail, company or
 * identifiers; an exact identifier comes first. Distinct roots in ret[max]. Under the read lock. The work is
 * bounded (search.h): where every word is on thousands of customers, not all are looked at. */
MUST_CHECK enum err_code customers_search(struct memory *, struct store_conn *, struct slice q,
                                          struct arena *mem, uint32_t *ret, size_t max, size_t *n,
                                          struct err *e);
/* Customers by folded name, behind (after_name, after_id): sort=name pages through millions. */
MUST_CHECK enum err_code customers_by_name(struct memory *, struct store_conn *, struct slice after_name,
                                           uint32_t after_id, bool descending, size_t limit,
                                           struct arena *mem, struct slice *names, uint32_t *roots,
                                           size_t *n, struct err *e);

#endif
