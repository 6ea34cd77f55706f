#include "memory/ingest.h"

static const struct reason {
    const char *code, *en, *es;
} reasons[] = {
    { "not_an_object", "Each event of a batch must be a JSON object.",
      "Cada evento de un lote debe ser un objeto JSON." },
    { "unknown_type", "The type must be track, identify, page, screen, group or alias.",
      "El tipo debe ser track, identify, page, screen, group o alias." },
    { "too_large", "The event is larger than 32 KB: send less in its properties or context.",
      "El evento supera los 32 KB: envíe menos en sus propiedades o su contexto." },
    { "no_id", "The event has neither userId nor anonymousId, so it belongs to nobody.",
      "El evento no tiene userId ni anonymousId, así que no pertenece a nadie." },
    { "bad_id", "userId, anonymousId, previousId and groupId must be text of at most 320 bytes without "
                "control characters.",
      "userId, anonymousId, previousId y groupId deben ser texto de 320 bytes como máximo, sin caracteres "
      "de control." },
    { "bad_message_id", "The messageId must be text of at most 100 bytes without control characters.",
      "El messageId debe ser texto de 100 bytes como máximo, sin caracteres de control." },
    { "no_event", "A track call needs the name of its event.",
      "Una llamada track necesita el nombre de su evento." },
    { "bad_event", "The event's name must be text of at most 200 bytes without control characters.",
      "El nombre del evento debe ser texto de 200 bytes como máximo, sin caracteres de control." },
    { "no_group_id", "A group call needs a groupId.", "Una llamada group necesita un groupId." },
    { "no_previous_id", "An alias call needs previousId and userId.",
      "Una llamada alias necesita previousId y userId." },
    { "bad_time", "The event's time could not be read; the time of its arrival was taken.",
      "No se pudo leer la hora del evento; se tomó la de su llegada." },
    { "traits_cut", "Some traits were not taken over: their name or value is too long, or there are too many. "
                    "The event itself is kept whole.",
      "Algunos rasgos no se tomaron: su nombre o valor es demasiado largo, o son demasiados. El evento se "
      "guarda entero." },
};

const char *ingest_reason_text(struct slice code, const char *lang)
{
    bool spanish = lang && slice_is(slice_of(lang), "es");
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (slice_is(code, reasons[i].code))
            return spanish ? reasons[i].es : reasons[i].en;
    return spanish ? "El evento no se aceptó." : "The event was not accepted.";
}
