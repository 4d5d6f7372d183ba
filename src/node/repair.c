/* A new store out of what is whole of the damaged one. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/keyfile.h"
#include "ledger/block.h"
#include "node/doctor.h"
#include "recovery/marks.h"
#include "store/store_disk.h"
#include "store/store_lmdb.h"

#define NEW "store.rebuilt"

enum { KEPT_MAX = 1000 };

/* What children of this file need besides; set before the fork. */
static struct span genesis_file;
static bool without_old;

static void clear_new(struct doctor *d)
{
    static const char *const files[] = {NEW "/data.mdb", NEW "/lock.mdb", NEW "/store.lock"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        (void)unlink(file_join(&d->a, d->dir, files[i]));
    (void)rmdir(file_join(&d->a, d->dir, NEW));
}

/* Opens both; the old one may be beyond opening. */
static bool open_both(struct doctor *d, struct store **ret_old, struct store **ret_new)
{
    *ret_old = without_old ? NULL : doctor_open_store(d, "store", true);
    *ret_new = doctor_open_store(d, NEW, false);
    return *ret_new != NULL;
}

static void close_both(struct store *old, struct store *new)
{
    store_close(old);
    store_close(new);
}

static void found_work(struct doctor *d, size_t i)
{
    (void)i;
    struct store *old, *new;
    struct doctor_report *r = d->report;
    if (!open_both(d, &old, &new))
        return;
    r->st = rebuild_found(old, new, genesis_file, &r->rebuilt, &r->err);
    close_both(old, new);
}

static void blocks_work(struct doctor *d, size_t i)
{
    (void)i;
    struct store *old, *new;
    struct doctor_report *r = d->report;
    if (!open_both(d, &old, &new))
        return;
    if (old == NULL) {
        (void)snprintf(r->rebuilt.stopped, sizeof r->rebuilt.stopped, "the old store cannot be opened");
        r->rebuilt.marks_lost = true;
    } else {
        r->st = rebuild_from_store(old, new, doctor_at, d, &r->rebuilt, &r->err);
    }
    close_both(old, new);
}

static void own_work(struct doctor *d, size_t table)
{
    struct store *old, *new;
    struct doctor_report *r = d->report;
    if (!open_both(d, &old, &new) || old == NULL)
        return;
    r->st = rebuild_own(old, new, table, &r->rebuilt, &r->err);
    close_both(old, new);
}

/* -- The right to vote -- */

/* The current vote key, by its file. */
static bool vote_key(struct doctor *d, struct hash *ret_vote)
{
    struct err err;
    bool sealed;
    return keyfile_public(file_join(&d->a, d->dir, "keys/vote.key"), ret_vote, &sealed, &err) == ST_OK;
}

/* Does the new store know which journal is the key's, or that the key is none to vote with? */
static bool knows(struct store *s, const struct hash *vote)
{
    struct view v;
    struct hash incarnation;
    struct err err;
    enum marks_verdict verdict;
    char why[480];
    if (store_read_begin(s, &v, &err) != ST_OK)
        return false;
    bool known = marks_journal(&v, vote, &incarnation) == ST_OK ||
                 (marks_of(&v, vote, &verdict, why, &err) == ST_OK && verdict != MARKS_NONE);
    store_read_end(s, &v);
    return known;
}

/* A store that forgot, or is behind the votes that were signed, must not vote with the keys of before. */
static void right_work(struct doctor *d, size_t i)
{
    (void)i;
    struct doctor_report *r = d->report;
    struct hash vote;
    bool known = vote_key(d, &vote);
    struct store *s = doctor_open_store(d, NEW, false);
    const char *what = NULL;
    if (s == NULL)
        return;
    if (r->rebuilt.marks_lost)
        what = "rebuilt, and part of what this node kept about its votes is lost,";
    else if (!known || !knows(s, &vote))
        what = "rebuilt, and its record of the vote journal is lost,";
    else if (r->journal_height > r->rebuilt.height + 1)
        what = "rebuilt to below its vote journal,";
    if (what != NULL)
        r->st = marks_restored(s, d->cfg.partner, known ? &vote : NULL, clock_wall_ms(&clock_system), what,
                               &r->err);
    store_close(s);
}

/* The journal's newest height, whatever store it belongs to: read before the right to vote is judged. */
static void journal_height_work(struct doctor *d, size_t i)
{
    (void)i;
    struct doctor_report *r = d->report;
    struct store *s = doctor_open_store(d, NEW, false);
    struct disk_file f;
    struct journal *j;
    struct view v;
    struct tip tip;
    struct span record;
    struct hash vote;
    struct journal_identity id = {0};
    uint64_t height;
    if (s == NULL || !vote_key(d, &vote))
        return;
    enum status st = store_read_begin(s, &v, &r->err);
    if (st == ST_OK) {
        st = tip_load(&v, &tip, &r->err);
        if (st == ST_OK) {
            id.alliance = tip.alliance;
            st = marks_journal(&v, &vote, &id.incarnation);
        }
        store_read_end(s, &v);
    }
    if (st == ST_OK &&
        store_disk_open(file_join(&d->a, d->dir, "votes.journal"), false, &f, &r->err) == ST_OK) {
        if (store_disk_machine(&f, "/etc/machine-id", &id.machine, &r->err) == ST_OK &&
            journal_open(&f, &id, &j, &r->err) == ST_OK) {
            if (journal_get(j, 0, &height, &record) == ST_OK)
                r->journal_height = height;
            journal_close(j);
        }
        store_disk_close(&f);
    }
    store_close(s);
}

/* -- The new store is looked at like any other -- */

static void count_damage(void *ctx, const char *part, const char *text)
{
    struct doctor *d = ctx;
    (void)snprintf(d->report->err.text, sizeof d->report->err.text, "%s: %s", part, text);
}

static void check_work(struct doctor *d, size_t i)
{
    (void)i;
    struct store *s = doctor_open_store(d, NEW, false);
    struct doctor_report *r = d->report;
    if (s == NULL)
        return;
    struct examine e = {.store = s,
                        .org = d->cfg.partner,
                        .result = &r->after,
                        .ctx = d,
                        .at = doctor_at,
                        .damage = count_damage};
    for (size_t step = 0; step < examine_steps() && r->st == ST_OK; step++)
        r->st = examine_step(&e, step, &r->err);
    if (r->st == ST_OK && r->after.found > 0)
        r->st = ST_CORRUPT;
    store_close(s);
}

/* -- The whole -- */

/* Runs one piece of work that must succeed. */
static enum status must(struct doctor *d, void (*work)(struct doctor *d, size_t i), const char *what,
                        struct err *err)
{
    struct doctor_report *r = d->report;
    if (!doctor_child(d, work, 0))
        return err_set(err, ST_CORRUPT, "%s ended the process that did it, near %s; nothing was changed",
                       what, r->where[0] == 0 ? "its start" : r->where);
    return r->st == ST_OK ? ST_OK
                          : err_set(err, r->st, "%s failed; nothing was changed: %.800s", what, r->err.text);
}

/* In one step where the file system can: there is a store at any moment. The rebuilt one takes the name that the old one is to
 * have first: never is the old one at a name that clear_new removes. */
static int swap(const char *store, const char *new, const char *kept)
{
    if (rename(new, kept) != 0)
        return -1;
    if (renameat2(AT_FDCWD, store, AT_FDCWD, kept, RENAME_EXCHANGE) == 0)
        return 0;
    if (rename(kept, new) != 0 || rename(store, kept) != 0)
        return -1;
    if (rename(new, store) == 0)
        return 0;
    int e = errno;
    (void)rename(kept, store);
    errno = e;
    return -1;
}

/* The old store keeps the name that it has in messages from now on. */
static enum status put_in_place(struct doctor *d, const char **ret_kept, struct err *err)
{
    const char *store = file_join(&d->a, d->dir, "store"), *new = file_join(&d->a, d->dir, NEW);
    char name[40], why[128];
    struct stat sb;
    const char *kept = NULL;
    for (int i = 1; i < KEPT_MAX && kept == NULL; i++) {
        (void)snprintf(name, sizeof name, "store.damaged-%d", i);
        const char *path = file_join(&d->a, d->dir, name);
        kept = lstat(path, &sb) != 0 ? path : NULL;
    }
    if (kept == NULL)
        return err_set(err, ST_EXISTS, "%s: there are %d store.damaged-N already; remove some", d->dir,
                       KEPT_MAX - 1);
    bool had = lstat(store, &sb) == 0;
    if ((had ? swap(store, new, kept) : rename(new, store)) != 0)
        return err_set(err, ST_IO, "%s: the rebuilt store cannot be put in its place: %s", d->dir,
                       strerror_r(errno, why, sizeof why));
    *ret_kept = had ? kept : "";
    return file_sync_dir(d->dir, err);
}

static enum status rebuild(struct doctor *d, struct err *err)
{
    struct doctor_report *r = d->report;
    r->rebuilt = (struct rebuild_result){0};
    enum status st = must(d, found_work, "reading the founding from the damaged store", err);
    if (st != ST_OK && !r->rebuilt.founded) { /* then from the file alone */
        without_old = true;
        clear_new(d);
        st = file_make_dir(file_join(&d->a, d->dir, NEW), 0700, err);
        if (st == ST_OK)
            st = must(d, found_work, "founding from alliance.genesis", err);
        without_old = d->lock_fd < 0;
    }
    if (st != ST_OK)
        return st;
    if (without_old) {
        (void)snprintf(r->rebuilt.stopped, sizeof r->rebuilt.stopped, "the old store cannot be read at all");
        r->rebuilt.marks_lost = true;
    } else if (!doctor_child(d, blocks_work, 0)) {
        (void)snprintf(r->rebuilt.stopped, sizeof r->rebuilt.stopped, "%s: reading it ends the process",
                       r->where);
    } else if (r->st != ST_OK) {
        (void)snprintf(r->rebuilt.stopped, sizeof r->rebuilt.stopped, "%.390s", r->err.text);
    }
    for (size_t i = 0; i < rebuild_own_tables() && !without_old; i++)
        if (!doctor_child(d, own_work, i) || r->st != ST_OK) {
            r->rebuilt.marks_lost = r->rebuilt.marks_lost || strcmp(rebuild_own_name(i), "NODE") == 0;
            r->rebuilt.outbox_lost += strcmp(rebuild_own_name(i), "OUTBOX") == 0;
        }
    st = must(d, journal_height_work, "reading the vote journal", err);
    if (st == ST_OK)
        st = must(d, right_work, "noting whether it may vote", err);
    return st == ST_OK ? must(d, check_work, "checking the rebuilt store", err) : st;
}

enum status doctor_repair(struct doctor *d, const char **ret_kept, struct err *err)
{
    struct err none;
    if (!d->readable)
        return err_set(err, ST_FORMAT,
                       "the settings (node.yaml) must be readable for a repair: they name the organisation");
    const char *genesis = file_join(&d->a, d->dir, "alliance.genesis");
    if (file_read(genesis, LIMIT_GENESIS_BYTES, &d->a, &genesis_file, &none) != ST_OK)
        genesis_file = (struct span){NULL, 0};
    without_old = d->lock_fd < 0;
    clear_new(d);
    enum status st = file_make_dir(file_join(&d->a, d->dir, NEW), 0700, err);
    if (st == ST_OK)
        st = rebuild(d, err);
    if (st == ST_OK)
        st = put_in_place(d, ret_kept, err);
    if (st != ST_OK) {
        clear_new(d);
        return st;
    }
    if (d->lock_fd >= 0)
        (void)close(d->lock_fd); /* it went aside with the damaged store */
    d->lock_fd = -1;
    st = store_lmdb_lock(file_join(&d->a, d->dir, "store"), &d->lock_fd, err);
    if (st == ST_OK)
        doctor_vote(d);
    return st;
}
