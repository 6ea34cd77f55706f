/* tendero: one program. `tendero --help` lists what it does. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"

#define LARGE_BYTES (2 << 20)

const struct command_entry commands[] = {
    { "serve", "tendero serve [--data DIR] [--listen ADDR:PORT]", "run the server until it is told to stop",
      "Serves the API, the console and the Segment contract. SIGTERM or Ctrl-C stops it gracefully: what was\n"
      "acknowledged is on disk. All settings can be given; 'tendero settings' lists them.",
      command_serve },
    { "demo", "tendero demo [--data DIR] [--file FILE]", "load the demo shop and make a login",
      "Imports the order lines in data/online-retail (moved so that the last day is yesterday), gives the\n"
      "numbered customers invented names and example.com addresses, makes a login and prints it.\n"
      "Running it again changes nothing.",
      command_demo },
    { "import", "tendero import FILE… --as online-retail|csv|ndjson [--mapping FILE] [--name SOURCE] [--rejects FILE]"
                " [--dry-run] [--data DIR]",
      "read files of orders, events, customers or products",
      "Files may be gzip; - is standard input. Running an import twice changes nothing; one that was\n"
      "stopped goes on where it was. Refused rows go to the --rejects file (FILE.rejected.csv)\n"
      "with line, reason and remedy. docs/IMPORT.md explains mappings.",
      command_import },
    { "export", "tendero export facts|customers|catalogue [--data DIR]", "write everything as NDJSON",
      "One JSON object a line on standard output. Facts carry the messageId they came with.", command_export },
    { "decide", "tendero decide --customer ID|--all [--limit N] [--category ID] [--data DIR]",
      "the next best proposals, with reasons",
      "One JSON line a customer. ID is c42, a user id, an e-mail address or kind:value. Each decision is\n"
      "a fact in the log.",
      command_decide },
    { "evaluate", "tendero evaluate [--held-back DAYS] [--data DIR]",
      "measure the proposals against popularity on the last days",
      "Keeps the last DAYS (30) back, proposes from what was before, counts hits among ten. Prints JSON.",
      command_evaluate },
    { "audience", "tendero audience count CONDITION | list [ID] | changes ID | explain CONDITION --customer ID | sql CONDITION "
                  "[--data DIR]",
      "how many customers a condition is true of, who, and why",
      "CONDITION is FEEL over traits, purchases and events: docs/AUDIENCES.md. count prints the number last (how it\n"
      "was worked out goes to standard error); list prints saved audiences, or the members of one, as JSON lines;\n"
      "changes, who came into one and who left it, newest first, and why; sql, the condition for a base in PostgreSQL.",
      command_audience },
    { "feel", "tendero feel EXPRESSION [--input JSON|FILE|-]", "work out an expression of the rules' language",
      "FEEL of OMG DMN 1.5. The names of the input, a JSON object, may be used. Prints JSON; why something is null\n"
      "is told on standard error.",
      command_feel },
    { "dmn", "tendero dmn check FILE [--strict] | eval FILE [--decision NAME] --input JSON|FILE|-\n"
             "         | base MODEL [--decision NAME] [--decided] [--trait NAME [--output NAME]] [--data DIR]\n"
             "         | tck DIR",
      "check decision models and decide with them",
      "check lists flaws with line and column, and of tables gaps, overlaps and rules that never hit (an error with\n"
      "--strict). eval decides a case, or one a line (NDJSON), and prints a line each;\n"
      "without --decision all decisions as an object. base asks a table that the server keeps (its number or name)\n"
      "about every customer: CSV, with --decided without those whom no rule decides; with --trait the answers become\n"
      "a trait, and a line says how many were decided and written. tck runs a tree of the DMN compatibility kit.",
      command_dmn },
    { "value", "tendero value fit|predict|holdout --transactions FILE --calibration-end DAY [--covariates FILE] [--unit UNIT]\n"
               "              [--model bg-nbd|mbg-nbd|pareto-nbd|ggompertz-nbd|bg-bb|gamma-gamma]\n"
               "              [--days N] [--discount SHARE] [--draws N [--seed N]]\n"
               "       tendero value contracts --survivors 1000,869,743 [--model sbg|bdw] [--periods N]",
      "how often customers buy again, whether they still do, what they spend",
      "FILE is CSV with the columns customer, date, value (- is standard input); a day's purchases are one. fit prints the\n"
      "model's parameters as JSON, with standard errors, intervals and how the search ended; predict, as CSV, of each customer\n"
      "the chance that they still buy, how often they will in the next N days (365) and what it is worth; holdout, what models\n"
      "and plain rules foretell of the days after the calibration, beside what happened. UNIT is week, day, month or year.\n"
      "contracts: of customers who renew or leave, from how many were there after each renewal, how many will be after N\n"
      "more (10).",
      command_value },
    { "model", "tendero model check|count|explain FILE.uvl [--price ATTRIBUTE] [--choose FEATURE,!FEATURE,…]",
      "product models: what is wrong with them, how many designs there are, why a choice cannot be",
      "FILE is a model in the Universal Variability Language; what it imports is read beside it. check names faults with\n"
      "line and column, features that no design has or that are optional in name only, constraints that follow from others,\n"
      "and prints how many variants there are, and the cheapest and the dearest by an attribute (price). count prints the\n"
      "number of variants alone on the last line. explain says whether the choices can stand together; if not, which of\n"
      "them and which rules contradict each other, and what is least to be given up.",
      command_model },
    { "recommend", "tendero recommend evaluate --train FILE --test FILE [--model auto|popularity|knn|ease|ials]\n"
                   "       tendero recommend train --train FILE --out MODEL [--model …]\n"
                   "       tendero recommend explain --model MODEL --user ID|--items ID,ID… [--limit N]\n"
                   "       tendero recommend split --ratings FILE --train FILE --test FILE [--least 4]",
      "what customers buy together: models measured, trained and explained",
      "FILE is CSV with the columns user and item (others are passed over). evaluate ranks, for each user, every item\n"
      "that they do not have and prints recall and NDCG of the test file as JSON; auto tries them all on a part of the\n"
      "training file that it holds back. train writes a model to a file, explain proposes by it, with reasons. split\n"
      "parts MovieLens' ratings by a hash. docs/RECOMMEND.md has the protocol, and what each model can be told:\n"
      "--k, --shrink, --lambda, --alpha, --nu, --sigma, --dimensions, --epochs, --block, --steps, --keep, --seed.",
      command_recommend },
    { "tiers", "tendero tiers [fit|plan] [--data DIR]", "customers by what they bring and could bring",
      "Prints each value tier with its customers and what they brought and will be worth; fit works the tiers out anew first;\n"
      "plan prints what is done for each. docs/TIERS.md explains them.",
      command_tiers },
    { "allocate", "tendero allocate FILE [--data DIR]", "whom to spend a budget on",
      "FILE is JSON (- is standard input): budget, contacts, channels and treatments, as POST /api/v1/allocations takes it;\n"
      "docs/TIERS.md has an example. Who gets what goes to standard output as CSV, and to standard error what it brings and\n"
      "what one more unit of money, contact or place would be worth.",
      command_allocate },
    { "share", "tendero share [fit] | customer ID | list CATEGORY [--limit N] [--data DIR]",
      "what part of their spending customers leave with us",
      "share prints the newest fit as JSON lines, one a category; fit works it out anew first. customer, what is known of\n"
      "one, a line a category; list, whose spend is within reach, the most first (50): CATEGORY is its id or everything.",
      command_share },
    { "key", "tendero key create --scope write|read|admin [--name NAME] [--source NAME] | list | revoke ID"
             " [--data DIR]",
      "keys of programs",
      "The key is printed last, this once. A write key may sit in a browser: it can only send events.",
      command_key },
    { "user", "tendero user add EMAIL [--name NAME] [--language en|es] | list | password EMAIL | remove EMAIL"
              " [--data DIR]",
      "people who may log in to the console",
      "add and password read the password from standard input: one line, 10 characters or more. password and\n"
      "remove end the sessions of that person.",
      command_user },
    { "backup", "tendero backup FILE [--data DIR]", "a consistent copy of the database, while it is used",
      "FILE is a SQLite database; to restore it, stop the server and put it in place of DIR/tendero.db.",
      command_backup },
    { "settings", "tendero settings [--data DIR]", "all settings, their values and where they come from",
      "Later sources win: default, file (DIR/tendero.conf or --config FILE), environment TENDERO_*, option.",
      command_settings },
    { "openapi", "tendero openapi [--data DIR]", "print the OpenAPI 3.1 document of the API", "", command_openapi },
};
const size_t commands_count = sizeof commands / sizeof *commands;

static void print_help(void)
{
    printf("tendero: remembers every customer, proposes what each one wants, and learns.\n\nCommands\n");
    for (size_t i = 0; i < commands_count; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n'tendero COMMAND --help' tells more. Settings are options of every command;"
           " 'tendero settings' lists them.\nVersion " TENDERO_VERSION "\n");
}

static const struct command_entry *command_find(const char *name)
{
    for (size_t i = 0; i < commands_count; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int command_run(const struct command_entry *command, int argc, char **argv)
{
    struct settings settings;
    struct err e = { 0 };
    enum err_code code = settings_read(argc, argv, &settings, &e);
    if (!code) {
        code = command->run(&settings, &e);
        settings_drop(&settings);
    }
    if (code)
        fprintf(stderr, "tendero %s: %s\n", command->name, e.text);
    return code ? 1 : 0;
}

/* Large arrays grow and are given back all the time. glibc would learn from the first of them to keep those below 32 MB in
 * the heaps of the threads, where what is free between two arrays is no use to anybody: at 10 M events a third of the
 * memory. */
static void keep_large_arrays_apart(void)
{
#ifdef M_MMAP_THRESHOLD
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
}

int main(int argc, char **argv)
{
    keep_large_arrays_apart();
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        printf("tendero " TENDERO_VERSION "\n");
        return 0;
    }
    const struct command_entry *command = command_find(name);
    if (!command) {
        fprintf(stderr, "tendero: there is no command '%s'; 'tendero --help' lists them\n", name);
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            printf("%s\n\n%s.\n%s\n", command->usage, command->summary, command->help);
            return 0;
        }
    }
    return command_run(command, argc - 1, argv + 1);
}
