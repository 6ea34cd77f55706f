#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "app/commands.h"
#include "app/log.h"
#include "app/rooms.h"

/* Blocked in every thread, so that only the waiting loop below meets them. */
static void signals_block(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void say_started(const struct rooms *r)
{
    struct memory_stats stats = memory_stats(r->memory);
    struct log_line line = log_begin("info", "started");
    log_number(&line, "port", http_server_port(r->server));
    log_number(&line, "facts", stats.facts);
    log_number(&line, "replayed", stats.replayed_at_start);
    log_number(&line, "start_ms", stats.start_ms);
    log_end(&line);
}

/* Once a second: what is due. Ends with the signal that stops the server. */
static int serve_until_stopped(struct rooms *r, const sigset_t *set)
{
    const struct timespec second = { .tv_sec = 1 };
    for (;;) {
        api_tick(r->api, clock_now_ms(&sys_clock_real));
        int got = sigtimedwait(set, NULL, &second);
        if (got > 0)
            return got;
    }
}

enum err_code command_serve(struct settings *settings, struct err *e)
{
    sigset_t set;
    TRY(settings_no_options(settings, e));
    signals_block(&set);
    struct rooms *rooms = NULL;
    struct rooms_options options = {
        .listen = setting(settings, SETTING_listen),
        .log_requests = strcmp(setting(settings, SETTING_log_requests), "true") == 0,
    };
    enum err_code code = rooms_open(settings, options, &rooms, e);
    if (code == ERR_BUSY)
        return err_set(e, code, 0, "another process has the data folder %s: stop it first",
                       setting(settings, SETTING_data));
    TRY(code);
    say_started(rooms);
    int signal_number = serve_until_stopped(rooms, &set);
    struct log_line line = log_begin("info", "stopping");
    log_number(&line, "signal", signal_number);
    log_end(&line);
    rooms_close(&rooms);
    line = log_begin("info", "stopped");
    log_end(&line);
    return ERR_OK;
}
