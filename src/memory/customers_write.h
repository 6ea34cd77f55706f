/* What the other parts of the memory tell customers. */
#ifndef TENDERO_MEMORY_CUSTOMERS_WRITE_H
#define TENDERO_MEMORY_CUSTOMERS_WRITE_H

#include "memory/customers.h"

/* What a list shows of a history, whole: from its traits. Empty members are unknown from now on; user_id is
 * not taken, it is an identifier. */
MUST_CHECK enum err_code tx_customer_face(struct tx *, uint32_t history, const struct customer_face *,
                                          struct err *e);
/* First and last seen of each history: a follower of the log ("activity"), for memory_follow. What comes
 * from outside counts; what staff and the program itself do is no activity of the customer. */
struct follower customers_follower(struct customers *);

#endif
