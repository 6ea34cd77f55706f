#include "dialogue/preview.h"

#include <assert.h>

#include "text/url.h"

/* The words of the letter, once per language; '%' stands for the value named behind it. */
struct words {
    const char *greeting, *greeting_nobody, *opening, *because, *price, *look, *closing, *subject;
};

static const struct words english = {
    "Dear ", "Hello", "We thought of you when we saw this:", "Why we think so: ", "Price: ", "See it",
    "Until soon,", "Chosen for you: ",
};
static const struct words spanish = {
    "Hola, ", "Hola", "Hemos pensado en usted al ver esto:", "Por qué lo creemos: ", "Precio: ", "Verlo",
    "Hasta pronto,", "Elegido para usted: ",
};

void preview_drop(struct preview *p)
{
    buf_drop(&p->subject);
    buf_drop(&p->html);
    buf_drop(&p->text);
}

/* Only the web's own schemes: "javascript:" and the like never become a link. */
static bool is_web(struct slice url)
{
    return slice_starts(url, SLICE("https://")) || slice_starts(url, SLICE("http://"));
}

static void text_line(struct buf *out, const char *label, struct slice value)
{
    buf_adds(out, label);
    buf_add(out, value);
    buf_addc(out, '\n');
}

static void render_text(const struct preview_input *in, const struct words *w, struct buf *out)
{
    if (in->name.len)
        text_line(out, w->greeting, in->name);
    else
        text_line(out, w->greeting_nobody, SLICE(""));
    buf_printf(out, "\n%s\n\n    ", w->opening);
    text_line(out, "", in->product);
    if (in->price.len) {
        buf_adds(out, "    ");
        text_line(out, w->price, in->price);
    }
    buf_addc(out, '\n');
    text_line(out, w->because, in->reason);
    if (is_web(in->url))
        text_line(out, "\n", in->url);
    buf_printf(out, "\n%s\n", w->closing);
    text_line(out, "", in->shop);
}

static void element(struct buf *out, const char *open, struct slice text, const char *close)
{
    buf_adds(out, open);
    html_escape(out, text);
    buf_adds(out, close);
}

static void render_html(const struct preview_input *in, const struct words *w, struct buf *out)
{
    buf_printf(out, "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width\">"
                    "<meta name=\"color-scheme\" content=\"light dark\"><style>"
                    "body{font:16px/1.5 Georgia,serif;margin:0;padding:24px;max-width:560px}"
                    ".offer{border:1px solid #b98;border-radius:8px;padding:16px;margin:16px 0}"
                    ".offer img{max-width:100%%;border-radius:4px}.title{font-weight:bold;font-size:18px}"
                    "</style>", in->lang);
    element(out, "<title>", in->product, "</title></head><body><p>");
    if (in->name.len)
        buf_adds(out, w->greeting);
    element(out, "", in->name.len ? in->name : slice_of(w->greeting_nobody), ",</p>");
    element(out, "<p>", slice_of(w->opening), "</p><div class=\"offer\">");
    if (is_web(in->image_url))
        element(out, "<img alt=\"\" src=\"", in->image_url, "\">");
    element(out, "<p class=\"title\">", in->product, "</p>");
    if (in->price.len) {
        element(out, "<p>", slice_of(w->price), "");
        element(out, "", in->price, "</p>");
    }
    element(out, "<p>", slice_of(w->because), "");
    element(out, "", in->reason, "</p>");
    if (is_web(in->url)) {
        element(out, "<p><a href=\"", in->url, "\">");
        element(out, "", slice_of(w->look), "</a></p>");
    }
    element(out, "</div><p>", slice_of(w->closing), "<br>");
    element(out, "", in->shop, "</p></body></html>\n");
}

enum err_code preview_render(const struct preview_input *in, struct preview *ret, struct err *e)
{
    assert(in && in->lang && ret);
    const struct words *w = in->lang[0] == 'e' && in->lang[1] == 's' ? &spanish : &english;
    struct preview p = { buf_make(1 << 16), buf_make(1 << 18), buf_make(1 << 16) };
    buf_adds(&p.subject, w->subject);
    buf_add(&p.subject, in->product);
    render_text(in, w, &p.text);
    render_html(in, w, &p.html);
    const struct buf *const parts[] = { &p.subject, &p.html, &p.text };
    enum err_code code = ERR_OK;
    for (size_t i = 0; !code && i < sizeof parts / sizeof *parts; i++)
        code = buf_check(parts[i], "the message", e);
    if (code)
        preview_drop(&p);
    else
        *ret = p;
    return code;
}
