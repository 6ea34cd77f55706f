/* The server's side of TLS: certificate and key, protocol versions, ciphers. */
#ifndef TENDERO_IO_HTTP_TLS_H
#define TENDERO_IO_HTTP_TLS_H

#include <openssl/ssl.h>

#include "base/err.h"

/* PEM files: the certificate with its chain, and its key without a passphrase. TLS 1.2 and 1.3, forward
 * secrecy and authenticated ciphers only (RFC 9325), ALPN "http/1.1". ERR_IO or ERR_INVALID names the file
 * and what is wrong with it. Free with SSL_CTX_free. */
MUST_CHECK enum err_code tls_server_new(const char *cert, const char *key, SSL_CTX **ret,
                                        struct err *e);

#endif
