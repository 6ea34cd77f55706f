/* Inside of search: what is written and what is read of it.
 *
 * search_docs     one row a history: its folded name (else e-mail) and its words, sorted, a blank before each
 * search_terms    the words again, by word: a prefix is a range
 * customer_names  the folded names again, by name
 */
#ifndef TENDERO_MEMORY_SEARCH_H
#define TENDERO_MEMORY_SEARCH_H

#include "memory/traits_set.h"

#define SEARCH_TERMS 32        // words of a history
#define SEARCH_TERM_BYTES 40
#define SEARCH_NAME_BYTES 100
#define SEARCH_WORDS 6         // of a query; more are not read
#define SEARCH_ROWS 2000       // read for each word of a query
#define SEARCH_GUESSES 1000    // looked at where no word of a query is on fewer than SEARCH_ROWS customers

#endif
