/* Time zones of the IANA database, from the TZif files of the system (RFC 8536): /usr/share/zoneinfo.
 *
 * A zone is read once and kept. Names are letters, digits, '_', '-', '+' and '/', no part of them "..".
 * Threads  safe: a lock around the table of zones; a zone that has been read is not changed.
 */
#ifndef TENDERO_SYS_ZONE_H
#define TENDERO_SYS_ZONE_H

#include "base/err.h"
#include "base/slice.h"

struct zone_files;
MUST_CHECK enum err_code zone_files_new(const char *directory, struct zone_files **ret, struct err *e);  // NULL: the system's
void zone_files_drop(struct zone_files **);
/* Offset in seconds east of Greenwich in force at that second since 1970, of UTC or (local) of the zone's wall
 * clock: a wall time that a gap skips takes the offset before the gap, one that comes twice the earlier offset.
 * Behind the file's last transition its POSIX TZ rule goes on. false: there is no such zone. The first argument is
 * a struct zone_files: the shape that engine/feel/temporal.h asks for. */
bool zone_offset(void *zone_files, struct slice name, int64_t second, bool local, int32_t *ret);

#endif
