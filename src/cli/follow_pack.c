#include "cli/follow_pack.h"
#include <errno.h>
#include <string.h>
#include "audit/archive.h"
#include "audit/verify.h"
#include "cert/validators.h"
#include "gov/state.h"

struct taking {
    struct arena *a;
    struct follow_pack *to;
};

/* All is verified. The set in force after the newest block, in the caller's arena. */
static enum status end(void *ctx, const struct view *v, const struct verify_report *r, struct err *err)
{
    struct taking *t = ctx;
    struct arena scratch CLEANUP(arena_deinit);
    struct validator_set set;
    arena_init(&scratch, 0);
    t->to->alliance = r->alliance;
    t->to->origin = arena_dup(t->a, r->origin);
    t->to->set = (struct follow_set){.height = r->height, .epoch = r->refoundings, .size = r->size};
    TRY(gov_validators(v, &scratch, &set, err));
    return validators_copy(&set, t->a, &t->to->set.set);
}

enum status follow_pack_read(const char *path, const struct hash *expect, const struct checkpoint *kept, const char *kept_file,
                             struct arena *a, struct follow_pack *ret, struct err *err)
{
    char why[128];
    struct verify_report report;
    struct verify_failure failure;
    struct follow_pack got = {.alliance = {{0}}};
    struct taking taking = {a, &got};
    struct verify_watch watch = {.ctx = &taking, .end = end};
    struct verify_kept one = {.path = kept_file};
    struct verify_kept_list list = {&one, 1};
    if (kept != NULL)
        one = (struct verify_kept){.path = kept_file, .origin = kept->origin, .size = kept->size, .root = kept->root};
    struct verify_how how = {.expect = expect, .has_file = true, .watch = &watch, .kept = kept == NULL ? NULL : &list};
    FILE *f = fopen(path, "rbe");
    if (f == NULL)
        return err_set(err, ST_IO, "%s: cannot be opened: %s", path, strerror_r(errno, why, sizeof why));
    how.file = archive_file();
    enum status st = verify_pack(f, &how, a, &report, &failure, err);
    (void)fclose(f);
    if (st == ST_BADSIG)
        return err_set(err, st, "%s does not verify: %s, %s. Nothing was taken from it", path, failure.record, failure.why);
    if (st == ST_OK)
        *ret = got;
    return st;
}
