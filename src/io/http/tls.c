#include "io/http/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <unistd.h>

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *offered, unsigned offered_len, void *arg)
{
    (void)ssl;
    (void)arg;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    int code = SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, offered, offered_len);
    *out = chosen;
    return code == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* OpenSSL's own words for the deepest error; never the file's content. */
static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    return text ? text : "unknown error";
}

static int no_passphrase(char *out, int cap, int writing, void *arg)
{
    (void)out, (void)cap, (void)writing, (void)arg;
    return -1;  // without this OpenSSL would ask on the terminal
}

static enum err_code load(SSL_CTX *ctx, const char *cert, const char *key, struct err *e)
{
    const char *files[] = { cert, key };
    for (int i = 0; i < 2; i++)
        if (access(files[i], R_OK) != 0)
            return err_set(e, ERR_IO, 0, "cannot read the TLS %s %s; check the path and its rights",
                           i ? "key" : "certificate", files[i]);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        return err_set(e, ERR_INVALID, 0, "%s is not a certificate in PEM form: %s", cert, reason());
    if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        return err_set(e, ERR_INVALID, 0, "%s is not the certificate's key in PEM form without a "
                       "passphrase: %s", key, reason());
    if (SSL_CTX_check_private_key(ctx) != 1)
        return err_set(e, ERR_INVALID, 0, "the key %s does not belong to the certificate %s", key, cert);
    return ERR_OK;
}

enum err_code tls_server_new(const char *cert, const char *key, SSL_CTX **ret, struct err *e)
{
    assert(cert && key);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return err_set(e, ERR_LIMIT, 0, "memory is exhausted");
    SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    static const unsigned char session_id[] = "tendero";
    SSL_CTX_set_session_id_context(ctx, session_id, sizeof session_id - 1);
    bool good = SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
                SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL") == 1;
    enum err_code code = good ? load(ctx, cert, key, e)
                              : err_set(e, ERR_INVALID, 0, "OpenSSL lacks TLS 1.2: %s", reason());
    if (code) {
        SSL_CTX_free(ctx);
        return code;
    }
    *ret = ctx;
    return ERR_OK;
}
