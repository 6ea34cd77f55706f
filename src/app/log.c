#include "app/log.h"

#include <unistd.h>

#include "sys/clock.h"

#define LINE_BYTES 8192  // the buffer's limit too: it never grows

static struct json_w writer(struct log_line *line)
{
    return (struct json_w){ &line->text, line->comma };
}

/* In memory of the thread's own, that a machine short of memory cannot refuse: then above all there is something to
 * say, and who waits for the line "started" shall not wait for ever. */
struct log_line log_begin(const char *level, const char *event)
{
    static _Thread_local char room[LINE_BYTES];
    struct log_line line = { .text = { .at = room, .cap = LINE_BYTES, .limit = LINE_BYTES } };
    struct json_w w = writer(&line);
    json_w_open(&w, '{');
    json_w_ktime(&w, "time", clock_now_ms(&sys_clock_real));
    json_w_kcstr(&w, "level", level);
    json_w_kcstr(&w, "event", event);
    line.comma = w.comma;
    return line;
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    struct json_w w = writer(line);
    json_w_kcstr(&w, key, value);
    line->comma = w.comma;
}

void log_number(struct log_line *line, const char *key, int64_t value)
{
    struct json_w w = writer(line);
    json_w_ki64(&w, key, value);
    line->comma = w.comma;
}

void log_end(struct log_line *line)
{
    buf_adds(&line->text, "}\n");
    if (!line->text.failed && write(STDERR_FILENO, line->text.at, line->text.len) < 0) {
        // nowhere left to say it
    }
}
