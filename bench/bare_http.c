/* The baseline of single requests: libevent's own HTTP server, answering without looking.
 *
 *   bare_http PORT
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>

static void answer(struct evhttp_request *request, void *arg)
{
    (void)arg;
    struct evbuffer *out = evbuffer_new();
    if (!out)
        exit(1);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
    evbuffer_add(out, "{\"success\":true}", 16);
    evhttp_send_reply(request, 200, "OK", out);
    evbuffer_free(out);
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    struct evhttp *http = base ? evhttp_new(base) : NULL;
    if (argc < 2 || !http || evhttp_bind_socket(http, "127.0.0.1", (ev_uint16_t)atoi(argv[1]))) {
        fprintf(stderr, "bare_http: cannot listen; usage: bare_http PORT\n");
        return 1;
    }
    evhttp_set_gencb(http, answer, NULL);
    return event_base_dispatch(base);
}
