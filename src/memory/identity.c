#include "memory/identity.h"

#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Sorted: found by bisection. English, Spanish, and the roles of RFC 2142. */
static const char *const roles[] = {
    "abuse", "account", "accounting", "accounts", "admin", "administracion", "administration",
    "administrator", "almacen", "atencion", "atencionalcliente", "ayuda", "billing", "booking", "bookings",
    "calidad", "career", "careers", "clientes", "comercial", "compras", "contabilidad", "contact",
    "contacto", "correo", "customercare", "customerservice", "direccion", "enquiries", "enquiry",
    "facturacion", "facturas", "feedback", "finance", "ftp", "gerencia", "hello", "help", "helpdesk", "hola",
    "hostmaster", "hr", "info", "informacion", "information", "invoices", "it", "jobs", "legal", "mail",
    "mailer-daemon", "marketing", "news", "newsletter", "no-reply", "no.reply", "nobody", "noc",
    "noreply", "office", "oficina", "order", "orders", "payments", "pedido", "pedidos", "postmaster",
    "prensa", "press", "privacidad", "privacy", "purchasing", "recepcion", "reception", "reservas", "returns",
    "root", "rrhh", "sales", "secretaria", "security", "service", "services", "shop", "soporte", "spam",
    "store", "support", "sysadmin", "tech", "tecnico", "tienda", "usenet", "uucp", "ventas", "web",
    "webmaster", "www",
};

/* Compared without regard to case. */
#define WORD(text) { text, sizeof text - 1 }
static const struct slice nobody[] = {
    WORD("-"), WORD("-1"), WORD("[object object]"), WORD("anonymous"), WORD("false"), WORD("guest"), WORD("nan"),
    WORD("nil"), WORD("none"), WORD("null"), WORD("true"), WORD("undefined"), WORD("unknown"),
};

static const struct {
    const char *kind, *shared;
    unsigned limit;
} kinds[] = {
    { "user_id", "", 1 },
    { "anonymous_id", "device", 100 },
    { "email", "mailbox", 5 },
    { "phone", "line", 5 },
};

static int compare_role(const void *key, const void *role)
{
    return slice_cmp(*(const struct slice *)key, slice_of(*(const char *const *)role));
}

bool identity_is_role_mailbox(struct slice email)
{
    struct slice local = { email.at, slice_find(email, '@') };
    local.len = slice_find(local, '+');
    return bsearch(&local, roles, COUNT(roles), sizeof *roles, compare_role) != NULL;
}

unsigned identity_limit(struct slice kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (slice_is(kind, kinds[i].kind))
            return kinds[i].limit;
    }
    return 5;
}

struct slice identity_shared_kind(struct slice kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (slice_is(kind, kinds[i].kind))
            return slice_of(kinds[i].shared);
    }
    return SLICE("");
}

static bool names_nobody(struct slice value)
{
    for (size_t i = 0; i < COUNT(nobody); i++) {
        if (value.len == nobody[i].len && slice_eq_nocase(value, nobody[i]))
            return true;
    }
    for (size_t i = 0; i < value.len; i++) {  // "0", "00000000-0000-0000-0000-000000000000"
        if (value.at[i] != '0' && value.at[i] != '-')
            return false;
    }
    return true;
}

static struct slice fold_email(struct slice value, char *buf)
{
    size_t at = slice_find(value, '@');
    if (at == 0 || at + 1 >= value.len)
        return SLICE("");
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        buf[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (struct slice){ buf, value.len };
}

static struct slice fold_phone(struct slice value, char *buf)
{
    size_t n = 0, digits = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];
        if (c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')')
            continue;
        digits += c >= '0' && c <= '9';
        buf[n++] = c;
    }
    struct slice folded = { buf, n };
    if (slice_starts(folded, SLICE("00"))) {
        folded = (struct slice){ buf + 1, n - 1 };
        buf[1] = '+';
    }
    return digits ? folded : SLICE("");
}

enum err_code identity_fold(struct slice kind, struct slice value, char buf[LIMIT_IDENTIFIER],
                            struct slice *ret, struct err *e)
{
    value = slice_trim(value);
    if (value.len > LIMIT_IDENTIFIER)
        return err_set(e, ERR_LIMIT, 0, "an identifier of %zu bytes: it has at most %d",
                       value.len, LIMIT_IDENTIFIER);
    if (names_nobody(value))
        *ret = SLICE("");
    else if (slice_is(kind, "email"))
        *ret = fold_email(value, buf);
    else if (slice_is(kind, "phone"))
        *ret = fold_phone(value, buf);
    else
        *ret = value;
    return ERR_OK;
}
