/* Unpredictable bytes from the operating system (libsodium's randombytes). */
#ifndef TENDERO_SYS_RANDOM_H
#define TENDERO_SYS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len);  // aborts when the system has no entropy source
uint64_t random_u64(void);
/* `chars` characters of [A-Za-z0-9] and a NUL; 5.95 bits each. */
void random_token(char *out, size_t chars);

#endif
