#include "intake/gifts.h"

/* Words in capitals, as the shop writes its titles; matched at the beginning of a word. */
const struct gift_category gift_categories[] = {
    { "christmas", "Christmas", "Navidad",
      "CHRISTMAS XMAS ADVENT SANTA REINDEER SNOWMAN STOCKING NOEL BAUBLE SLEIGH NATIVITY" },
    { "bags", "Bags", "Bolsos", "BAG BAGS SHOPPER PURSE RUCKSACK HANDBAG WALLET BACKPACK" },
    { "lights", "Lights and candles", "Luces y velas",
      "LIGHT LIGHTS T-LIGHT CANDLE CANDLES LANTERN LAMP CHANDELIER CANDLEHOLDER NIGHT CANDLESTICK" },
    { "baking", "Baking", "Repostería",
      "CAKE CAKES CAKESTAND BAKING JELLY PANTRY COOKIE MUFFIN CUPCAKE BUN PASTRY BISCUIT RECIPE" },
    { "kitchen", "Kitchen and table", "Cocina y mesa",
      "MUG MUGS CUP CUPS TEA TEACUP TEAPOT COFFEE PLATE PLATES BOWL BOWLS KITCHEN JAR JARS JUG SPOON SPOONS FORK "
      "KNIFE CUTLERY GLASS GLASSES TRAY NAPKIN NAPKINS APRON TEATOWEL SAUCER DISH EGG BOTTLE FOOD LUNCH SUGAR "
      "SALT TEASPOONS TUMBLER COLANDER OVEN PLACEMAT COASTER" },
    { "cards", "Cards and stationery", "Tarjetas y papelería",
      "CARD CARDS PAPER WRAP NOTEBOOK PEN PENS PENCIL PENCILS STICKER STICKERS ENVELOPE JOURNAL STATIONERY TAPE "
      "ERASERS ERASER RULER SKETCHBOOK CALENDAR STAMP POSTCARD NOTEBOOKS TAG TAGS RIBBON RIBBONS GIFTWRAP" },
    { "jewellery", "Jewellery and accessories", "Joyas y accesorios",
      "NECKLACE BRACELET EARRINGS EARRING RING RINGS BROOCH JEWEL JEWELLERY BANGLE HAIR TIARA SCARF UMBRELLA PARASOL "
      "KEYRING KEY-CHAIN KEY KEYCHAIN COMB SUNGLASSES PENDANT BEADS HAIRCLIPS" },
    { "children", "Children and toys", "Niños y juguetes",
      "CHILDREN'S CHILDRENS CHILDS CHILDREN TOY TOYS DOLL DOLLS DOLLY GAME GAMES PUZZLE SPACEBOY CIRCUS SKIPPING "
      "BABY GIRL GIRLS BOY BOYS KIDS TEDDY SOLDIER PLAYHOUSE PAINT PAINTING DOMINOES JIGSAW CRAYONS CHALK SNAP "
      "MARBLES SNAKES RABBIT" },
    { "party", "Party", "Fiesta", "PARTY BUNTING BALLOON BALLOONS GARLAND CONFETTI BIRTHDAY PINATA STREAMERS" },
    { "garden", "Garden", "Jardín",
      "GARDEN GARDENING PLANT PLANTER FLOWER FLOWERS POT POTS WATERING BIRD BIRDHOUSE FEEDER HERB SEED WINDMILL "
      "GARDENERS BUTTERFLY BUTTERFLIES PICNIC" },
    { "signs", "Signs, frames and clocks", "Letreros, marcos y relojes",
      "SIGN FRAME FRAMES CLOCK MIRROR PICTURE PHOTO CHALKBOARD BLACKBOARD WALL LETTER WORD PLAQUE DOORMAT HOOK "
      "HOOKS KNOB HANGER DOOR MAGNETS MAGNET MEMO" },
    { "storage", "Boxes and storage", "Cajas y almacenaje",
      "BOX BOXES TIN TINS BASKET STORAGE DRAWER DRAWERS CABINET CHEST HOLDER CASE TRINKET ORGANISER SHELF TIDY "
      "TINS CRATE BUCKET CANISTER RACK" },
    { "textiles", "Cushions and textiles", "Cojines y textiles",
      "CUSHION CUSHIONS BLANKET THROW QUILT RUG TOWEL FABRIC HOTTIE HOT WATER PILLOW CURTAIN DOORSTOP SLIPPERS "
      "SOCK SOCKS GLOVES SEWING KNITTED CROCHET" },
    { "decoration", "Decoration", "Decoración",
      "HEART HEARTS DECORATION ORNAMENT VINTAGE VASE INCENSE CHIME MOBILE STAR WREATH FEATHER PAPERWEIGHT CHERUB "
      "CHAIN ANGEL BELL BELLS SILHOUETTE" },
    { "bath", "Bath and care", "Baño y cuidado",
      "SOAP BATH BATHROOM BUBBLE LOTION SPONGE PLASTERS TISSUES TOOTHBRUSH WASHBAG MANICURE HAND" },
    { "other", "Everything else", "Todo lo demás", "" },
};
const size_t gift_categories_count = sizeof gift_categories / sizeof *gift_categories;

enum product_kind gift_kind(struct slice code)
{
    static const char *const fees[] = { "BANK CHARGES", "AMAZONFEE", "M", "m", "D", "S", "B", "CRUK" };
    static const char *const services[] = { "POST", "DOT", "C2" };
    if (slice_starts(code, SLICE("gift_")))
        return PRODUCT_VOUCHER;
    for (size_t i = 0; i < sizeof fees / sizeof *fees; i++)
        if (slice_is(code, fees[i]))
            return PRODUCT_FEE;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (slice_is(code, services[i]))
            return PRODUCT_SERVICE;
    return PRODUCT_GOODS;
}

static bool has_word(struct slice title, struct slice word)
{
    while (title.len) {
        struct slice next = slice_cut(&title, ' ');
        if (slice_eq_nocase(next, word))
            return true;
    }
    return false;
}

struct slice gift_category_of(struct slice title)
{
    for (size_t i = 0; i < gift_categories_count; i++) {
        struct slice words = slice_of(gift_categories[i].words);
        while (words.len)
            if (has_word(title, slice_cut(&words, ' ')))
                return slice_of(gift_categories[i].id);
    }
    return slice_of(gift_categories[gift_categories_count - 1].id);
}
