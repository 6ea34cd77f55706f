#include "app/rooms.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/log.h"
#include "io/store/migrate.h"
#include "io/store/migrations.h"
#include "io/store/store_fault.h"
#include "offers/decide.h"
#include "sys/zone.h"

#define JOB_THREADS 2
#define JOBS_MAX 64
#define STOP_GRACE_MS 5000
#define PATH_MAX_BYTES 4096

bool rooms_socket(const struct settings *settings, char out[108])
{
    int n = snprintf(out, 108, "%s/tendero.sock", setting(settings, SETTING_data));
    return n > 0 && n < 108;
}

static enum err_code number(const struct settings *s, enum setting which, int64_t low, int64_t high,
                            int64_t *ret, struct err *e)
{
    if (slice_i64(slice_of(setting(s, which)), ret) && *ret >= low && *ret <= high)
        return ERR_OK;
    return err_set(e, ERR_INVALID, 0, "setting %s: '%s' is no whole number from %lld to %lld",
                   s->of[which].name, setting(s, which), (long long)low, (long long)high);
}

/* Failures on demand, so that tests can break the real program; without the variable nothing of it runs. */
static enum err_code faults(struct store_options *options, struct err *e)
{
    const char *spec = getenv("TENDERO_FAULT");
    if (!spec)
        return ERR_OK;
    store_fault_install();
    options->vfs = STORE_FAULT_VFS;
    return store_fault_arm_spec(slice_of(spec), e);
}

static enum err_code open_store(struct rooms *r, struct err *e)
{
    const char *data = setting(r->settings, SETTING_data);
    char path[PATH_MAX_BYTES];
    struct store_options options = { 0 };
    TRY(dir_make(data, e));
    snprintf(path, sizeof path, "%s/tendero.lock", data);
    TRY(file_lock_new(path, &r->lock, e));
    int64_t cache_mb;
    TRY(number(r->settings, SETTING_cache_mb, 1, 65536, &cache_mb, e));
    options.cache_bytes = (size_t)cache_mb << 20;
    TRY(faults(&options, e));
    TRY(store_open(slice_of(data), options, &r->store, e));
    return migrate_store(r->store, migrations_all, migrations_count, clock_now_ms(&sys_clock_real), e);
}

static enum err_code open_zones(struct rooms *r, struct err *e)
{
    const struct slice here = slice_of(setting(r->settings, SETTING_time_zone));
    int32_t offset_s;
    TRY(zone_files_new(NULL, &r->zone_files, e));
    r->zones = (struct zones){ zone_offset, r->zone_files, here };
    return zone_offset(r->zone_files, here, 0, false, &offset_s)
           ? ERR_OK : err_set(e, ERR_INVALID, 0,
                              "setting time_zone: there is no '%.*s'; zones are called like Europe/Madrid", SLICE_ARG(here));
}

static enum err_code open_valuation(struct rooms *r, struct err *e)
{
    int64_t days, discount, margin;
    TRY(number(r->settings, SETTING_value_days, 1, 3650, &days, e));
    TRY(number(r->settings, SETTING_value_discount, 0, 100, &discount, e));
    TRY(number(r->settings, SETTING_value_margin, 1, 100, &margin, e));
    const struct valuation_options options = { &r->zones, (int32_t)days, (double)discount / 100, (double)margin / 100 };
    TRY(valuation_new(r->memory, r->purchases, r->read, options, &r->valuation, e));
    population_value_by(r->population, r->valuation);
    TRY(investment_new(r->memory, r->valuation, r->population, r->read, &r->investment, e));
    population_invest_by(r->population, r->investment);
    return ERR_OK;
}

static enum err_code open_share(struct rooms *r, struct err *e)
{
    const struct customer_share_rooms rooms = { r->memory, r->purchases, r->people, r->population, &r->zones };
    TRY(customer_share_new(rooms, &r->share, e));
    population_share_by(r->population, r->share);
    investment_reach_by(r->investment, customer_share_reach, r->share);
    return ERR_OK;
}

static enum err_code open_recommendations(struct rooms *r, struct err *e)
{
    TRY(recommendations_new(r->memory, r->purchases, r->read, &r->recommendations, e));
    recommendations_content_by(r->recommendations, content_of_catalogue(r->catalogue));
    const char *note = recommendations_note(r->recommendations);
    if (note[0]) {
        struct log_line line = log_begin("warning", "recommendations");
        log_text(&line, "note", note);
        log_end(&line);
    }
    return ERR_OK;
}

static enum err_code open_memory(struct rooms *r, struct err *e)
{
    struct memory_options options = { .dir = setting(r->settings, SETTING_data), .clock = &sys_clock_real };
    TRY(memory_new(r->store, options, &r->memory, e));
    TRY(store_conn_new(r->store, STORE_READ, &r->read, e));
    TRY(purchases_new(r->memory, &r->purchases, e));
    TRY(counts_new(&r->counts, e));
    TRY(catalogue_new(r->memory, r->read, r->purchases, &r->catalogue, e));
    TRY(population_new(r->memory, &r->zones, &r->population, e));
    TRY(likings_new(r->memory, r->purchases, &r->zones, &r->likings, e));
    population_like_by(r->population, r->likings);
    TRY(roster_new(r->memory, r->population, &r->zones, &r->roster, e));
    const struct follower followers[] = { purchases_follower(r->purchases), counts_follower(r->counts),
                                          catalogue_follower(r->catalogue), population_follower(r->population),
                                          population_events_follower(r->population),
                                          population_columns_follower(r->population), roster_follower(r->roster),
                                          likings_follower(r->likings) };
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++)
        memory_follow(r->memory, &followers[i]);
    TRY(memory_start(r->memory, e));
    TRY(people_new(r->memory, r->purchases, &r->people, e));
    TRY(open_valuation(r, e));
    TRY(open_share(r, e));
    TRY(open_recommendations(r, e));
    TRY(staff_new(r->store, &sys_clock_real, &r->staff, e));
    return pool_new(JOB_THREADS, JOBS_MAX, &r->jobs, e);
}

/* Beside the program in a build tree; /usr/share in an installed one. */
static const char *console_dir(const struct settings *s, char out[PATH_MAX_BYTES])
{
    char exe[PATH_MAX_BYTES - 64];
    if (setting(s, SETTING_console_dir)[0])
        return setting(s, SETTING_console_dir);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 2; up++) {  // build/tendero: the program's name, then the build folder
        char *slash = strrchr(exe, '/');
        if (slash)
            *slash = 0;
    }
    snprintf(out, PATH_MAX_BYTES, "%s/console/dist", exe);
    return file_exists(out) ? out : "/usr/share/tendero/console";
}

static void log_request(void *arg, const struct api_log_line *line)
{
    (void)arg;
    struct log_line out = log_begin("info", "request");
    log_text(&out, "method", line->method);
    log_text(&out, "route", line->route);
    log_number(&out, "status", line->status);
    log_number(&out, "duration_us", line->duration_us);
    log_end(&out);
}

static enum err_code open_api(struct rooms *r, const struct rooms_options *options, struct err *e)
{
    const struct settings *s = r->settings;
    char console[PATH_MAX_BYTES];
    const char *dir = arena_copy(s->mem, slice_of(console_dir(s, console))).at;
    if (!dir)
        return err_set(e, ERR_LIMIT, 0, "no memory for the settings");
    struct api_options api = { .memory = r->memory, .purchases = r->purchases, .people = r->people,
                               .population = r->population, .valuation = r->valuation, .investment = r->investment,
                               .share = r->share, .likings = r->likings, .roster = r->roster, .zones = &r->zones,
                               .recommendations = r->recommendations, .catalogue = r->catalogue, .counts = r->counts,
                               .staff = r->staff, .jobs = r->jobs, .data_dir = setting(s, SETTING_data),
                               .console_dir = dir, .shop = slice_of(setting(s, SETTING_shop_name)),
                               .currency = slice_of(setting(s, SETTING_currency)),
                               .notice_en = slice_of(setting(s, SETTING_notice_en)),
                               .notice_es = slice_of(setting(s, SETTING_notice_es)), .settings = s->of,
                               .n_settings = SETTINGS,
                               .log = options->log_requests ? log_request : NULL };
    return api_new(api, &r->api, e);
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static enum err_code open_server(struct rooms *r, const char *listen, struct err *e)
{
    const struct settings *s = r->settings;
    int64_t threads;
    char spool[PATH_MAX_BYTES];
    TRY(number(s, SETTING_threads, 1, 64, &threads, e));
    if (!rooms_socket(s, r->socket))
        return err_set(e, ERR_INVALID, 0, "the path of the data folder is too long for a socket: shorten it");
    snprintf(spool, sizeof spool, "%s/spool", setting(s, SETTING_data));
    TRY(dir_make(spool, e));
    const char *spool_dir = arena_copy(s->mem, slice_of(spool)).at;
    struct http_options options = { .listen = listen, .socket = r->socket,
                                    .tls_cert = or_null(setting(s, SETTING_tls_cert)),
                                    .tls_key = or_null(setting(s, SETTING_tls_key)), .spool_dir = spool_dir,
                                    .threads = listen ? (unsigned)threads : 1,
                                    .is_upload = api_is_upload, .admit_upload = api_admit_upload,
                                    .handle = api_handle, .thread_start = api_thread_start,
                                    .thread_stop = api_thread_stop, .arg = r->api };
    return http_server_new(options, &r->server, e);
}

enum err_code rooms_open(const struct settings *settings, struct rooms_options options, struct rooms **ret,
                         struct err *e)
{
    assert(settings && ret);
    struct rooms *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(e, ERR_LIMIT, 0, "no memory to start");
    r->settings = settings;
    enum err_code code = open_store(r, e);
    if (!code)
        code = open_zones(r, e);
    if (!code)
        code = open_memory(r, e);
    if (!code)
        code = open_api(r, &options, e);
    if (!code)
        code = open_server(r, options.listen, e);
    if (code)
        rooms_close(&r);
    else
        *ret = r;
    return code;
}

void rooms_close(struct rooms **rooms)
{
    struct rooms *r = *rooms;
    if (!r)
        return;
    if (r->server)
        http_server_stop(&r->server, STOP_GRACE_MS);
    api_drop(&r->api);
    pool_drop(&r->jobs);
    if (r->memory)
        memory_stop(r->memory);
    staff_drop(&r->staff);
    recommendations_drop(&r->recommendations);
    people_drop(&r->people);
    roster_drop(&r->roster);
    population_drop(&r->population);
    likings_drop(&r->likings);
    investment_drop(&r->investment);
    valuation_drop(&r->valuation);
    customer_share_drop(&r->share);
    zone_files_drop(&r->zone_files);
    catalogue_drop(&r->catalogue);
    counts_drop(&r->counts);
    purchases_drop(&r->purchases);
    memory_drop(&r->memory);
    store_conn_drop(&r->read);
    store_drop(&r->store);
    file_lock_drop(&r->lock);
    free(r);
    *rooms = NULL;
}
