#include "app/log.h"

#include <unistd.h>

#include "sys/clock.h"

static struct json_w writer(struct log_line *line)
{
    return (struct json_w){ &line->text, line->comma };
}

struct log_line log_begin(const char *level, const char *event)
{
    struct log_line line = { .text = buf_make(16384) };
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
    buf_drop(&line->text);
}
