#include "engine/feel/regex_xpath.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define DEPTH_MAX 100u
#define GROUPS_MAX 200u
#define POINT_MAX 0x10FFFFu
#define REPEAT_MAX 65535u  // PCRE2's own
#define NAME_MAX_BYTES 48u
/* One search may take so many steps of PCRE2; the many searches of a replacement share ten times that. */
#define STEPS_ONE 1000000u
#define STEPS_LEAST 1000u

struct span {
    uint32_t low, high;
};

/* Unicode's blocks without blanks in their names, as XML Schema writes them. */
static const struct block {
    const char *name;
    struct span span;
} blocks[] = {
    { "BasicLatin", { 0x0, 0x7F } },
    { "Latin-1Supplement", { 0x80, 0xFF } },
    { "LatinExtended-A", { 0x100, 0x17F } },
    { "LatinExtended-B", { 0x180, 0x24F } },
    { "IPAExtensions", { 0x250, 0x2AF } },
    { "SpacingModifierLetters", { 0x2B0, 0x2FF } },
    { "CombiningDiacriticalMarks", { 0x300, 0x36F } },
    { "Greek", { 0x370, 0x3FF } },
    { "GreekandCoptic", { 0x370, 0x3FF } },
    { "Cyrillic", { 0x400, 0x4FF } },
    { "CyrillicSupplement", { 0x500, 0x52F } },
    { "CyrillicSupplementary", { 0x500, 0x52F } },
    { "Armenian", { 0x530, 0x58F } },
    { "Hebrew", { 0x590, 0x5FF } },
    { "Arabic", { 0x600, 0x6FF } },
    { "Syriac", { 0x700, 0x74F } },
    { "ArabicSupplement", { 0x750, 0x77F } },
    { "Thaana", { 0x780, 0x7BF } },
    { "NKo", { 0x7C0, 0x7FF } },
    { "Samaritan", { 0x800, 0x83F } },
    { "Mandaic", { 0x840, 0x85F } },
    { "ArabicExtended-A", { 0x8A0, 0x8FF } },
    { "Devanagari", { 0x900, 0x97F } },
    { "Bengali", { 0x980, 0x9FF } },
    { "Gurmukhi", { 0xA00, 0xA7F } },
    { "Gujarati", { 0xA80, 0xAFF } },
    { "Oriya", { 0xB00, 0xB7F } },
    { "Tamil", { 0xB80, 0xBFF } },
    { "Telugu", { 0xC00, 0xC7F } },
    { "Kannada", { 0xC80, 0xCFF } },
    { "Malayalam", { 0xD00, 0xD7F } },
    { "Sinhala", { 0xD80, 0xDFF } },
    { "Thai", { 0xE00, 0xE7F } },
    { "Lao", { 0xE80, 0xEFF } },
    { "Tibetan", { 0xF00, 0xFFF } },
    { "Myanmar", { 0x1000, 0x109F } },
    { "Georgian", { 0x10A0, 0x10FF } },
    { "HangulJamo", { 0x1100, 0x11FF } },
    { "Ethiopic", { 0x1200, 0x137F } },
    { "EthiopicSupplement", { 0x1380, 0x139F } },
    { "Cherokee", { 0x13A0, 0x13FF } },
    { "UnifiedCanadianAboriginalSyllabics", { 0x1400, 0x167F } },
    { "Ogham", { 0x1680, 0x169F } },
    { "Runic", { 0x16A0, 0x16FF } },
    { "Tagalog", { 0x1700, 0x171F } },
    { "Hanunoo", { 0x1720, 0x173F } },
    { "Buhid", { 0x1740, 0x175F } },
    { "Tagbanwa", { 0x1760, 0x177F } },
    { "Khmer", { 0x1780, 0x17FF } },
    { "Mongolian", { 0x1800, 0x18AF } },
    { "Limbu", { 0x1900, 0x194F } },
    { "TaiLe", { 0x1950, 0x197F } },
    { "NewTaiLue", { 0x1980, 0x19DF } },
    { "KhmerSymbols", { 0x19E0, 0x19FF } },
    { "Buginese", { 0x1A00, 0x1A1F } },
    { "Balinese", { 0x1B00, 0x1B7F } },
    { "Sundanese", { 0x1B80, 0x1BBF } },
    { "Lepcha", { 0x1C00, 0x1C4F } },
    { "PhoneticExtensions", { 0x1D00, 0x1D7F } },
    { "PhoneticExtensionsSupplement", { 0x1D80, 0x1DBF } },
    { "CombiningDiacriticalMarksSupplement", { 0x1DC0, 0x1DFF } },
    { "LatinExtendedAdditional", { 0x1E00, 0x1EFF } },
    { "GreekExtended", { 0x1F00, 0x1FFF } },
    { "GeneralPunctuation", { 0x2000, 0x206F } },
    { "SuperscriptsandSubscripts", { 0x2070, 0x209F } },
    { "CurrencySymbols", { 0x20A0, 0x20CF } },
    { "CombiningMarksforSymbols", { 0x20D0, 0x20FF } },
    { "CombiningDiacriticalMarksforSymbols", { 0x20D0, 0x20FF } },
    { "LetterlikeSymbols", { 0x2100, 0x214F } },
    { "NumberForms", { 0x2150, 0x218F } },
    { "Arrows", { 0x2190, 0x21FF } },
    { "MathematicalOperators", { 0x2200, 0x22FF } },
    { "MiscellaneousTechnical", { 0x2300, 0x23FF } },
    { "ControlPictures", { 0x2400, 0x243F } },
    { "OpticalCharacterRecognition", { 0x2440, 0x245F } },
    { "EnclosedAlphanumerics", { 0x2460, 0x24FF } },
    { "BoxDrawing", { 0x2500, 0x257F } },
    { "BlockElements", { 0x2580, 0x259F } },
    { "GeometricShapes", { 0x25A0, 0x25FF } },
    { "MiscellaneousSymbols", { 0x2600, 0x26FF } },
    { "Dingbats", { 0x2700, 0x27BF } },
    { "MiscellaneousMathematicalSymbols-A", { 0x27C0, 0x27EF } },
    { "SupplementalArrows-A", { 0x27F0, 0x27FF } },
    { "BraillePatterns", { 0x2800, 0x28FF } },
    { "SupplementalArrows-B", { 0x2900, 0x297F } },
    { "MiscellaneousMathematicalSymbols-B", { 0x2980, 0x29FF } },
    { "SupplementalMathematicalOperators", { 0x2A00, 0x2AFF } },
    { "MiscellaneousSymbolsandArrows", { 0x2B00, 0x2BFF } },
    { "Glagolitic", { 0x2C00, 0x2C5F } },
    { "LatinExtended-C", { 0x2C60, 0x2C7F } },
    { "Coptic", { 0x2C80, 0x2CFF } },
    { "GeorgianSupplement", { 0x2D00, 0x2D2F } },
    { "Tifinagh", { 0x2D30, 0x2D7F } },
    { "EthiopicExtended", { 0x2D80, 0x2DDF } },
    { "CyrillicExtended-A", { 0x2DE0, 0x2DFF } },
    { "SupplementalPunctuation", { 0x2E00, 0x2E7F } },
    { "CJKRadicalsSupplement", { 0x2E80, 0x2EFF } },
    { "KangxiRadicals", { 0x2F00, 0x2FDF } },
    { "IdeographicDescriptionCharacters", { 0x2FF0, 0x2FFF } },
    { "CJKSymbolsandPunctuation", { 0x3000, 0x303F } },
    { "Hiragana", { 0x3040, 0x309F } },
    { "Katakana", { 0x30A0, 0x30FF } },
    { "Bopomofo", { 0x3100, 0x312F } },
    { "HangulCompatibilityJamo", { 0x3130, 0x318F } },
    { "Kanbun", { 0x3190, 0x319F } },
    { "BopomofoExtended", { 0x31A0, 0x31BF } },
    { "CJKStrokes", { 0x31C0, 0x31EF } },
    { "KatakanaPhoneticExtensions", { 0x31F0, 0x31FF } },
    { "EnclosedCJKLettersandMonths", { 0x3200, 0x32FF } },
    { "CJKCompatibility", { 0x3300, 0x33FF } },
    { "CJKUnifiedIdeographsExtensionA", { 0x3400, 0x4DBF } },
    { "YijingHexagramSymbols", { 0x4DC0, 0x4DFF } },
    { "CJKUnifiedIdeographs", { 0x4E00, 0x9FFF } },
    { "YiSyllables", { 0xA000, 0xA48F } },
    { "YiRadicals", { 0xA490, 0xA4CF } },
    { "CyrillicExtended-B", { 0xA640, 0xA69F } },
    { "ModifierToneLetters", { 0xA700, 0xA71F } },
    { "LatinExtended-D", { 0xA720, 0xA7FF } },
    { "HangulSyllables", { 0xAC00, 0xD7AF } },
    { "PrivateUse", { 0xE000, 0xF8FF } },
    { "PrivateUseArea", { 0xE000, 0xF8FF } },
    { "CJKCompatibilityIdeographs", { 0xF900, 0xFAFF } },
    { "AlphabeticPresentationForms", { 0xFB00, 0xFB4F } },
    { "ArabicPresentationForms-A", { 0xFB50, 0xFDFF } },
    { "VariationSelectors", { 0xFE00, 0xFE0F } },
    { "VerticalForms", { 0xFE10, 0xFE1F } },
    { "CombiningHalfMarks", { 0xFE20, 0xFE2F } },
    { "CJKCompatibilityForms", { 0xFE30, 0xFE4F } },
    { "SmallFormVariants", { 0xFE50, 0xFE6F } },
    { "ArabicPresentationForms-B", { 0xFE70, 0xFEFF } },
    { "HalfwidthandFullwidthForms", { 0xFF00, 0xFFEF } },
    { "Specials", { 0xFFF0, 0xFFFF } },
    { "OldItalic", { 0x10300, 0x1032F } },
    { "Gothic", { 0x10330, 0x1034F } },
    { "Deseret", { 0x10400, 0x1044F } },
    { "ByzantineMusicalSymbols", { 0x1D000, 0x1D0FF } },
    { "MusicalSymbols", { 0x1D100, 0x1D1FF } },
    { "MathematicalAlphanumericSymbols", { 0x1D400, 0x1D7FF } },
    { "MiscellaneousSymbolsandPictographs", { 0x1F300, 0x1F5FF } },
    { "Emoticons", { 0x1F600, 0x1F64F } },
    { "TransportandMapSymbols", { 0x1F680, 0x1F6FF } },
    { "CJKUnifiedIdeographsExtensionB", { 0x20000, 0x2A6DF } },
    { "CJKCompatibilityIdeographsSupplement", { 0x2F800, 0x2FA1F } },
    { "Tags", { 0xE0000, 0xE007F } },
};

/* What \p{…} may name beside blocks: XML Schema has no Cs. */
static const char categories[] = "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc "
                                 "Sk So C Cc Cf Co Cn ";

static const struct span blanks[] = { { 0x9, 0xA }, { 0xD, 0xD }, { 0x20, 0x20 } };
/* XML 1.1's NameStartChar and NameChar. */
static const struct span initials[] = {
    { ':', ':' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }, { 0xC0, 0xD6 }, { 0xD8, 0xF6 }, { 0xF8, 0x2FF },
    { 0x370, 0x37D }, { 0x37F, 0x1FFF }, { 0x200C, 0x200D }, { 0x2070, 0x218F }, { 0x2C00, 0x2FEF },
    { 0x3001, 0xD7FF }, { 0xF900, 0xFDCF }, { 0xFDF0, 0xFFFD }, { 0x10000, 0xEFFFF },
};
static const struct span names[] = {
    { '-', '.' }, { '0', ':' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }, { 0xB7, 0xB7 }, { 0xC0, 0xD6 },
    { 0xD8, 0xF6 }, { 0xF8, 0x37D }, { 0x37F, 0x1FFF }, { 0x200C, 0x200D }, { 0x203F, 0x2040 }, { 0x2070, 0x218F },
    { 0x2C00, 0x2FEF }, { 0x3001, 0xD7FF }, { 0xF900, 0xFDCF }, { 0xFDF0, 0xFFFD }, { 0x10000, 0xEFFFF },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct regex_xpath {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    unsigned groups;
    bool literal;         // flag q: of the replacement too
    unsigned searches;    // made so far
};

struct flags {
    bool dot_all, lines, no_case, spaced, quoted;
};

struct reader {
    struct slice text;
    size_t at;
    struct flags flags;
    struct buf out;
    unsigned groups;               // opened so far
    bool closed[GROUPS_MAX + 1];
    unsigned depth;
    const char *why;               // not NULL: no such pattern
};

static bool refuse(struct reader *r, const char *why)
{
    assert(why);
    if (!r->why)
        r->why = why;
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Flag x: blanks between the signs are not there. Inside of a character class they are. */
static void skip_blanks(struct reader *r)
{
    while (r->flags.spaced && r->at < r->text.len && is_blank(r->text.at[r->at]))
        r->at++;
}

/* The next byte, '\0' at the end: NUL itself is no XML character and refused beforehand. */
static char peek(struct reader *r)
{
    skip_blanks(r);
    return r->at < r->text.len ? r->text.at[r->at] : '\0';
}

static char peek_raw(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->text.len ? r->text.at[r->at + ahead] : '\0';
}

static bool accept(struct reader *r, char c)
{
    if (peek(r) != c || c == '\0')
        return false;
    r->at++;
    return true;
}

/* One character of text known to be UTF-8. */
static uint32_t take_point(struct reader *r)
{
    size_t n;
    assert(r->at < r->text.len);
    uint32_t point = utf8_point((struct slice){ r->text.at + r->at, r->text.len - r->at }, &n);
    assert(n > 0);
    r->at += n;
    return point;
}

/* Members of a PCRE2 class, always by number: nothing in there can be mistaken for a sign. */
static void put_span(struct buf *out, uint32_t low, uint32_t high)
{
    assert(low <= high);
    if (low == high)
        buf_printf(out, "\\x{%x}", low);
    else
        buf_printf(out, "\\x{%x}-\\x{%x}", low, high);
}

static void put_spans(struct buf *out, const struct span *span, size_t n, bool negated)
{
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        if (!negated)
            put_span(out, span[i].low, span[i].high);
        else if (span[i].low > next)
            put_span(out, next, span[i].low == 0xE000 ? 0xD7FF : span[i].low - 1);
        next = span[i].high + 1;
        if (next == 0xD800)
            next = 0xE000;  // surrogates are no characters
    }
    if (negated && next <= POINT_MAX)
        put_span(out, next, POINT_MAX);
}

static bool is_category(struct slice name)
{
    char text[4];
    if (name.len < 1 || name.len > 2)
        return false;
    memcpy(text, name.at, name.len);
    text[name.len] = ' ';
    text[name.len + 1] = '\0';
    const char *found = strstr(categories, text);
    return found && (found == categories || found[-1] == ' ');
}

static const struct span *block_find(struct slice name)
{
    for (size_t i = 0; i < COUNT(blocks); i++)
        if (slice_is(name, blocks[i].name))
            return &blocks[i].span;
    return NULL;
}

/* Behind \p or \P: {Lu}, {IsGreek}, as members of a class. */
static bool read_property(struct reader *r, bool negated)
{
    char name[NAME_MAX_BYTES];
    size_t n = 0;
    if (!accept(r, '{'))
        return refuse(r, "\\p wants a name in braces");
    while (peek(r) != '}') {
        if (peek(r) == '\0' || n == sizeof(name))
            return refuse(r, "\\p names no known category or block");
        name[n++] = r->text.at[r->at++];
    }
    r->at++;
    struct slice what = { name, n };
    if (is_category(what)) {
        buf_printf(&r->out, "\\%c{%.*s}", negated ? 'P' : 'p', SLICE_ARG(what));
        return true;
    }
    const struct span *span = NULL;
    if (slice_starts(what, SLICE("Is")))
        span = block_find((struct slice){ name + 2, n - 2 });
    if (!span)
        return refuse(r, "\\p names no known category or block");
    put_spans(&r->out, span, 1, negated);
    return true;
}

/* A multi-character escape behind its backslash, as members of a class; false without r->why: it is none. */
static bool read_multi(struct reader *r, char c)
{
    switch (c) {
    case 's': case 'S': put_spans(&r->out, blanks, COUNT(blanks), c == 'S'); return true;
    case 'i': case 'I': put_spans(&r->out, initials, COUNT(initials), c == 'I'); return true;
    case 'c': case 'C': put_spans(&r->out, names, COUNT(names), c == 'C'); return true;
    case 'd': buf_adds(&r->out, "\\p{Nd}"); return true;
    case 'D': buf_adds(&r->out, "\\P{Nd}"); return true;
    /* All but punctuation, separators and others. */
    case 'w': buf_adds(&r->out, "\\p{L}\\p{M}\\p{N}\\p{S}"); return true;
    case 'W': buf_adds(&r->out, "\\p{P}\\p{Z}\\p{C}"); return true;
    case 'p': case 'P': return read_property(r, c == 'P');
    default: return false;
    }
}

/* \n, \., …: the character meant; false: no such escape. */
static bool single_escape(char c, uint32_t *ret)
{
    if (c == 'n' || c == 'r' || c == 't') {
        *ret = c == 'n' ? '\n' : c == 'r' ? '\r' : '\t';
        return true;
    }
    *ret = (unsigned char)c;
    return c != '\0' && strchr("\\|.?*+(){}-[]^$", c) != NULL;
}

/* One end of a range in a class; *multi: an escape that is a set, already written out. */
static bool read_class_char(struct reader *r, uint32_t *ret, bool *multi)
{
    *multi = false;
    char c = peek_raw(r, 0);
    if (c == '[' || c == '\0')
        return refuse(r, "a class has no end, or [ stands in it");
    if (c != '\\') {
        *ret = take_point(r);
        return true;
    }
    r->at++;
    c = peek_raw(r, 0);
    if (c == '\0')
        return refuse(r, "\\ at the end");
    r->at++;
    if (single_escape(c, ret))
        return true;
    *multi = read_multi(r, c);
    return *multi || refuse(r, "no such escape in a class");
}

/* a, a-z, \d: one part of a class. A hyphen is itself only at either end of the class. */
static bool read_class_part(struct reader *r, bool first)
{
    uint32_t low, high;
    bool multi;
    bool hyphen = peek_raw(r, 0) == '-';
    if (hyphen && !first && peek_raw(r, 1) != ']' && !(peek_raw(r, 1) == '-' && peek_raw(r, 2) == '['))
        return refuse(r, "- inside of a class wants a \\ in front");
    if (!read_class_char(r, &low, &multi))
        return false;
    bool range = !multi && peek_raw(r, 0) == '-' && peek_raw(r, 1) != ']' && peek_raw(r, 1) != '[' &&
                 !(peek_raw(r, 1) == '-' && peek_raw(r, 2) == '[');
    if (multi)
        return true;
    if (!range || hyphen) {
        put_span(&r->out, low, low);
        return true;
    }
    r->at++;
    if (peek_raw(r, 0) == '-')
        return refuse(r, "a range cannot end with -");
    if (!read_class_char(r, &high, &multi))
        return false;
    if (multi || high < low)
        return refuse(r, "a range in a class runs backwards");
    put_span(&r->out, low, high);
    return true;
}

/* Behind "[". Subtraction becomes a look ahead: [a-z-[aeiou]] is (?:(?![aeiou])[a-z]). */
static bool read_class(struct reader *r)
{
    size_t begin = r->out.len;
    if (++r->depth > DEPTH_MAX)
        return refuse(r, "nested too deep");
    buf_addc(&r->out, '[');
    if (peek_raw(r, 0) == '^') {
        buf_addc(&r->out, '^');
        r->at++;
    }
    for (bool first = true;; first = false) {
        char c = peek_raw(r, 0);
        if (!first && (c == ']' || (c == '-' && peek_raw(r, 1) == '[')))
            break;
        if (c == ']')
            return refuse(r, "an empty class");
        if (!read_class_part(r, first))
            return false;
    }
    buf_addc(&r->out, ']');
    if (peek_raw(r, 0) == '-') {
        struct buf group = buf_make(0);
        buf_add(&group, (struct slice){ r->out.at + begin, r->out.len - begin });
        r->out.len = begin;
        buf_adds(&r->out, "(?:(?!");
        r->at += 2;
        bool ok = read_class(r);
        buf_addc(&r->out, ')');
        buf_add(&r->out, buf_slice(&group));
        buf_addc(&r->out, ')');
        r->out.failed |= group.failed;
        buf_drop(&group);
        if (!ok)
            return false;
    }
    r->depth--;
    return peek_raw(r, 0) == ']' ? (r->at++, true) : refuse(r, "a class has no end");
}

static void put_literal(struct buf *out, uint32_t point)
{
    if ((point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') || (point >= '0' && point <= '9'))
        buf_addc(out, (char)point);
    else
        buf_printf(out, "\\x{%x}", point);
}

/* Behind the backslash, at a digit: as many digits as name a group, the last ones being text otherwise. */
static bool read_back(struct reader *r)
{
    unsigned group = (unsigned)(r->text.at[r->at++] - '0');
    for (;;) {
        char c = peek(r);
        if (c < '0' || c > '9' || group * 10 + (unsigned)(c - '0') > r->groups)
            break;
        group = group * 10 + (unsigned)(c - '0');
        r->at++;
    }
    if (group == 0 || group > r->groups || !r->closed[group])
        return refuse(r, "\\1 to \\9 want a group that ends before them");
    buf_printf(&r->out, "\\g{%u}", group);
    return true;
}

static bool read_escape(struct reader *r)
{
    uint32_t point;
    char c = peek(r);
    if (c == '\0')
        return refuse(r, "\\ at the end");
    if (c >= '0' && c <= '9')
        return read_back(r);
    r->at++;
    if (single_escape(c, &point)) {
        put_literal(&r->out, point);
        return true;
    }
    buf_addc(&r->out, '[');
    if (!read_multi(r, c))
        return refuse(r, "no such escape");
    buf_addc(&r->out, ']');
    return true;
}

static bool read_branches(struct reader *r);

/* Behind "(". */
static bool read_group(struct reader *r)
{
    unsigned number = 0;
    if (accept(r, '?')) {
        if (!accept(r, ':'))
            return refuse(r, "(? goes on with : only");
        buf_adds(&r->out, "(?:");
    } else {
        if (r->groups == GROUPS_MAX)
            return refuse(r, "too many groups");
        number = ++r->groups;
        buf_addc(&r->out, '(');
    }
    if (++r->depth > DEPTH_MAX)
        return refuse(r, "nested too deep");
    if (!read_branches(r))
        return false;
    r->depth--;
    if (!accept(r, ')'))
        return refuse(r, "( without )");
    buf_addc(&r->out, ')');
    if (number)
        r->closed[number] = true;
    return true;
}

static bool read_atom(struct reader *r)
{
    char c = peek(r);
    switch (c) {
    case '(': r->at++; return read_group(r);
    case '[': r->at++; return read_class(r);
    case '\\': r->at++; return read_escape(r);
    case '.':
        r->at++;
        buf_adds(&r->out, r->flags.dot_all ? "." : "[^\\n\\r]");
        return true;
    case '^': case '$':  // in a group, so that it may be repeated
        r->at++;
        buf_printf(&r->out, "(?:%c)", c);
        return true;
    case '?': case '*': case '+': case '{':
        return refuse(r, "nothing that could be repeated");
    case '}': case ']':
        return refuse(r, "] and } want a \\ in front");
    default:
        put_literal(&r->out, take_point(r));
        return true;
    }
}

static bool read_count(struct reader *r, unsigned *ret)
{
    unsigned n = 0;
    bool any = false;
    for (char c = peek(r); c >= '0' && c <= '9'; c = peek(r), any = true) {
        n = n * 10 + (unsigned)(c - '0');
        r->at++;
        if (n > REPEAT_MAX)
            return refuse(r, "a repetition beyond 65535");
    }
    *ret = n;
    return any || refuse(r, "{ wants a number");
}

/* ?, *, +, {n}, {n,}, {n,m}, each with a ? behind or without; or nothing. */
static bool read_quantifier(struct reader *r)
{
    unsigned low, high;
    char c = peek(r);
    if (c == '?' || c == '*' || c == '+') {
        r->at++;
        buf_addc(&r->out, c);
    } else if (accept(r, '{')) {
        if (!read_count(r, &low))
            return false;
        buf_printf(&r->out, "{%u", low);
        if (accept(r, ',')) {
            buf_addc(&r->out, ',');
            if (peek(r) != '}') {
                if (!read_count(r, &high))
                    return false;
                if (high < low)
                    return refuse(r, "a repetition whose end is before its start");
                buf_printf(&r->out, "%u", high);
            }
        }
        if (!accept(r, '}'))
            return refuse(r, "{ without }");
        buf_addc(&r->out, '}');
    } else {
        return true;
    }
    if (accept(r, '?'))
        buf_addc(&r->out, '?');
    return true;
}

static bool read_branches(struct reader *r)
{
    for (;;) {
        char c = peek(r);
        if (c == '\0' || c == ')')
            return true;
        if (c == '|') {
            r->at++;
            buf_addc(&r->out, '|');
            continue;
        }
        if (!read_atom(r) || !read_quantifier(r))
            return false;
    }
}

static bool read_flags(struct slice text, struct flags *f, const char **why)
{
    *f = (struct flags){ false };
    for (size_t i = 0; i < text.len; i++) {
        switch (text.at[i]) {
        case 's': f->dot_all = true; break;
        case 'm': f->lines = true; break;
        case 'i': f->no_case = true; break;
        case 'x': f->spaced = true; break;
        case 'q': f->quoted = true; break;
        default: *why = "a flag that is none of s, m, i, x, q"; return false;
        }
    }
    return true;
}

/* The whole pattern as PCRE2 wants it. */
static bool translate(struct reader *r)
{
    if (r->text.len > REGEX_PATTERN_MAX)
        return refuse(r, "a pattern of more than 16 KB");
    if (!utf8_valid(r->text) || slice_find(r->text, '\0') < r->text.len)
        return refuse(r, "a pattern that is no text");
    if (r->flags.quoted) {
        while (r->at < r->text.len)
            put_literal(&r->out, take_point(r));
    } else {
        if (!read_branches(r))
            return false;
        if (peek(r) == ')')
            return refuse(r, ") without (");
        assert(r->at == r->text.len);
    }
    return r->out.failed ? refuse(r, "a pattern beyond the memory") : true;
}

static bool compile(struct regex_xpath *re, struct slice text, struct flags f)
{
    int code;
    PCRE2_SIZE at;
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY |
                       PCRE2_MATCH_UNSET_BACKREF;
    options |= f.no_case ? PCRE2_CASELESS : 0;
    options |= f.dot_all && !f.quoted ? PCRE2_DOTALL : 0;
    options |= f.lines && !f.quoted ? PCRE2_MULTILINE : 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context)
        return false;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    re->code = pcre2_compile((PCRE2_SPTR)(text.len ? text.at : ""), text.len, options, &code, &at, context);
    pcre2_compile_context_free(context);
    if (!re->code)
        return false;
    re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
    re->limits = pcre2_match_context_create(NULL);
    if (!re->match || !re->limits)
        return false;
    pcre2_set_depth_limit(re->limits, 100000);
    pcre2_set_heap_limit(re->limits, 16u << 10);  // KiB
    return true;
}

/* The part of a replacement behind "$": *at at its first digit. A second digit belongs to it where such a group
 * exists. */
static unsigned replacement_group(const struct regex_xpath *re, struct slice text, size_t *at)
{
    unsigned group = (unsigned)(text.at[(*at)++] - '0');
    while (*at < text.len && text.at[*at] >= '0' && text.at[*at] <= '9') {
        unsigned longer = group * 10 + (unsigned)(text.at[*at] - '0');
        if (longer > re->groups)
            break;
        group = longer;
        ++*at;
    }
    return group;
}

/* $ before a digit; \ before $ or \: nothing else may follow those two. */
static bool replacement_sound(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i], next = i + 1 < text.len ? text.at[i + 1] : '\0';
        if (c == '$' && (next < '0' || next > '9'))
            return false;
        if (c == '\\' && next != '\\' && next != '$')
            return false;
        if (c == '\\')
            i++;
    }
    return true;
}

static void put_replacement(const struct regex_xpath *re, struct slice subject, struct slice text, struct buf *out)
{
    if (re->literal) {
        buf_add(out, text);
        return;
    }
    for (size_t i = 0; i < text.len;) {
        char c = text.at[i++];
        assert((c != '\\' && c != '$') || i < text.len);
        if (c == '$')
            buf_add(out, regex_xpath_group(re, subject, replacement_group(re, text, &i)));
        else
            buf_addc(out, c == '\\' ? text.at[i++] : c);
    }
}

struct regex_xpath *regex_xpath_new(struct slice pattern, struct slice flags, const char **why)
{
    assert(why);
    struct reader r = { .text = pattern };
    if (!read_flags(flags, &r.flags, why))
        return NULL;
    r.out = buf_make(1u << 20);
    struct regex_xpath *re = NULL;
    if (translate(&r)) {
        re = calloc(1, sizeof(*re));
        if (re && compile(re, buf_slice(&r.out), r.flags)) {
            re->groups = r.groups;
            re->literal = r.flags.quoted;
        } else {
            regex_xpath_drop(&re);
            r.why = "a pattern too large";
        }
    }
    *why = r.why;
    buf_drop(&r.out);
    return re;
}

void regex_xpath_drop(struct regex_xpath **re)
{
    assert(re);
    if (!*re)
        return;
    pcre2_match_context_free((*re)->limits);
    pcre2_match_data_free((*re)->match);
    pcre2_code_free((*re)->code);
    free(*re);
    *re = NULL;
}

enum regex_found regex_xpath_find(struct regex_xpath *re, struct slice subject, size_t from, size_t *start,
                                  size_t *end)
{
    assert(re && from <= subject.len);
    uint32_t steps = STEPS_ONE;
    if (++re->searches > 10)
        steps = STEPS_ONE / re->searches * 10;
    pcre2_set_match_limit(re->limits, steps < STEPS_LEAST ? STEPS_LEAST : steps);
    /* The first search checks that subject is UTF-8, for those after it too. */
    int got = pcre2_match(re->code, (PCRE2_SPTR)(subject.len ? subject.at : ""), subject.len, from,
                          from ? PCRE2_NO_UTF_CHECK : 0, re->match, re->limits);
    if (got == PCRE2_ERROR_NOMATCH)
        return REGEX_NONE;
    if (got < 0)
        return REGEX_LIMIT;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(re->match);
    *start = at[0];
    *end = at[1];
    return REGEX_FOUND;
}

struct slice regex_xpath_group(const struct regex_xpath *re, struct slice subject, unsigned group)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(re->match);
    if (group > re->groups || at[2 * group] == PCRE2_UNSET)
        return (struct slice){ NULL, 0 };
    assert(at[2 * group] <= at[2 * group + 1] && at[2 * group + 1] <= subject.len);
    return (struct slice){ subject.at + at[2 * group], at[2 * group + 1] - at[2 * group] };
}

bool regex_xpath_replace(struct regex_xpath *re, struct slice subject, struct slice replacement, struct buf *out,
                         const char **why)
{
    assert(re && out && why);
    size_t at = 0, start, end;
    if (!re->literal && !replacement_sound(replacement)) {
        *why = "the replacement: $ wants a digit behind it, \\ wants $ or \\";
        return false;
    }
    enum regex_found found = regex_xpath_find(re, (struct slice){ "", 0 }, 0, &start, &end);
    if (found != REGEX_NONE) {
        *why = "the pattern matches the empty string";
        return false;
    }
    while ((found = regex_xpath_find(re, subject, at, &start, &end)) == REGEX_FOUND && end > start && !out->failed) {
        buf_add(out, (struct slice){ subject.at + at, start - at });
        put_replacement(re, subject, replacement, out);
        at = end;
    }
    if (found == REGEX_LIMIT || out->failed) {
        *why = "the pattern takes too long on this text";
        return false;
    }
    buf_add(out, (struct slice){ subject.at + at, subject.len - at });
    return true;
}
