/* Every maximum in one place. Larger input is refused with ERR_LIMIT and a sentence that names the limit. */
#ifndef TENDERO_BASE_LIMITS_H
#define TENDERO_BASE_LIMITS_H

#define LIMIT_JSON_DEPTH 64
#define LIMIT_JSON_NUMBER 256               // characters of one number
#define LIMIT_CSV_RECORD (1u << 20)
#define LIMIT_CSV_FIELDS 1024

/* HTTP */
#define LIMIT_HTTP_HEADER (16u << 10)      // bytes of all header lines
#define LIMIT_HTTP_HEADER_LINES 100
#define LIMIT_HTTP_TARGET (8u << 10)       // bytes of the request line
#define LIMIT_HTTP_CHUNK_LINE 256          // bytes of a chunk's size and extensions
#define LIMIT_HTTP_BODY (1u << 20)         // bytes of a body, also once inflated
#define LIMIT_HTTP_UPLOAD (2ull << 30)     // bytes of an uploaded import file
#define LIMIT_HTTP_BODIES (256u << 20)     // bytes of all bodies held at one time; above it 503
#define LIMIT_HTTP_CONNECTIONS 8192

/* Segment contract (dialogue.md section 5) */
#define LIMIT_EVENT_BYTES (32u << 10)
#define LIMIT_IMPORT_EVENT_BYTES (4u << 20)  // an order of our importers: all lines of an invoice
#define LIMIT_BATCH_EVENTS 2500
#define LIMIT_MESSAGE_ID 100
#define LIMIT_EVENT_NAME 200
#define DEDUPE_WINDOW_MS (INT64_C(31) * 86400000)

/* Customers */
#define LIMIT_CUSTOMERS 100000000
#define LIMIT_IDENTIFIER 320               // bytes: the longest e-mail address of RFC 5321
#define LIMIT_TRAIT_NAME 100
#define LIMIT_TRAIT_VALUE 4096
#define LIMIT_TRAITS_PER_FACT 200
#define LIMIT_PRODUCT_ID 200               // bytes of a product's or category's id
#define LIMIT_TRAIT_SCHEMA 5000            // distinct trait names in a shop
#define LIMIT_MERGE_LEAVES 1000            // histories joined in one customer

/* Writer */
#define LIMIT_QUEUE_BYTES (64u << 20)      // commands that wait for the disk; above it 429
#define LIMIT_GROUP_FACTS 20000            // facts in one group commit

/* Pages of a listing */
#define LIMIT_PAGE 500
#define LIMIT_DECIDE_CUSTOMERS 1000

#endif
