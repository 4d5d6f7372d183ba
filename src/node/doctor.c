#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "crypto/nodekeys.h"
#include "crypto/tlsid.h"
#include "document/keep.h"
#include "document/named.h"
#include "ledger/block.h"
#include "node/doctor.h"
#include "recovery/marks.h"
#include "store/store_disk.h"
#include "store/store_lmdb.h"

void doctor_say(struct doctor *d, const char *part, const char *fmt, ...)
{
    struct doctor_report *r = d->report;
    va_list ap;
    r->found++;
    if (r->n == DOCTOR_FINDINGS)
        return;
    struct doctor_finding *f = &r->findings[r->n];
    va_start(ap, fmt);
    (void)snprintf(f->part, sizeof f->part, "%s", part);
    (void)vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
    r->n++; /* last: a child may end at any moment */
}

void doctor_at(void *ctx, const char *where)
{
    struct doctor *d = ctx;
    (void)snprintf(d->report->where, sizeof d->report->where, "%s", where);
}

/* -- Children -- */

bool doctor_child(struct doctor *d, void (*work)(struct doctor *d, size_t i), size_t i)
{
    int code = 0;
    d->report->where[0] = 0;
    d->report->st = ST_OK;
    (void)fflush(NULL);
    pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        work(d, i);
        _exit(0);
    }
    pid_t got;
    while ((got = waitpid(pid, &code, 0)) < 0 && errno == EINTR)
        ;
    return got == pid && WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

struct store *doctor_open_store(struct doctor *d, const char *name, bool locked)
{
    struct store *s = NULL;
    struct doctor_report *r = d->report;
    const char *path = file_join(&d->a, d->dir, name);
    uint64_t map = d->readable ? d->cfg.map_bytes : 0;
    int fd = locked ? dup(d->lock_fd) : -1;
    if (locked)
        r->st = store_lmdb_open_locked(path, map, 0, fd, &s, &r->err);
    else
        r->st = store_lmdb_open(path, map, 0, &s, &r->err);
    return r->st == ST_OK ? s : NULL;
}

static void note_damage(void *ctx, const char *part, const char *text)
{
    struct doctor *d = ctx;
    d->report->store_found++;
    doctor_say(d, part, "%s", text);
}

static void step_work(struct doctor *d, size_t step)
{
    struct store *s = doctor_open_store(d, "store", true);
    struct err err = {0};
    if (s == NULL)
        return;
    struct examine e = {.store = s,
                        .org = d->readable ? d->cfg.partner : (struct span){NULL, 0},
                        .result = &d->report->result,
                        .ctx = d,
                        .at = doctor_at,
                        .damage = note_damage};
    if (examine_step(&e, step, &err) != ST_OK)
        note_damage(d, examine_step_name(step), err.text);
    store_close(s);
}

/* True: the store can be opened at all. */
static bool opens(struct doctor *d)
{
    struct doctor_report *r = d->report;
    struct stat sb;
    const char *data = file_join(&d->a, d->dir, "store/data.mdb");
    if (stat(data, &sb) != 0 || sb.st_size == 0) {
        note_damage(d, "store",
                    stat(data, &sb) != 0 ? "the store's file (store/data.mdb) is missing"
                                         : "the store's file (store/data.mdb) is empty");
        return false;
    }
    if (!doctor_child(d, step_work, 0)) {
        note_damage(d, "store",
                    "the store's file is damaged: opening it, or reading its first table, ends the process");
        return true; /* the other tables may be read yet */
    }
    if (r->st == ST_OK)
        return true;
    note_damage(d, "store", r->err.text);
    return false;
}

static void examine_all(struct doctor *d)
{
    if (!opens(d))
        return;
    for (size_t step = 1; step < examine_steps(); step++) {
        if (doctor_child(d, step_work, step))
            continue;
        char text[300];
        (void)snprintf(text, sizeof text,
                       "the store's file is damaged at or near %s: reading it ends the process",
                       d->report->where[0] == 0 ? examine_step_name(step) : d->report->where);
        note_damage(d, examine_step_name(step), text);
    }
}

/* -- May it vote? -- */

static void say_vote(struct doctor *d, enum doctor_vote vote, const char *why)
{
    d->report->vote = vote;
    (void)snprintf(d->report->vote_why, sizeof d->report->vote_why, "%.500s", why);
}

/* As the node does when it starts, but that it changes nothing. */
static void journal_of(struct doctor *d, struct store *s, const struct hash *vote)
{
    struct view v;
    struct tip tip;
    struct span row;
    struct disk_file f;
    struct journal *j;
    struct err err = {0};
    enum marks_verdict verdict;
    char why[480];
    uint64_t height = 0;
    if (store_read_begin(s, &v, &err) != ST_OK)
        return;
    struct journal_identity id = {0};
    enum status st = tip_load(&v, &tip, &err);
    if (st == ST_OK)
        st = marks_of(&v, vote, &verdict, why, &err);
    if (st == ST_OK && verdict != MARKS_NONE) {
        say_vote(d, DOCTOR_FOLLOWS, why);
        store_read_end(s, &v);
        return;
    }
    char dead[96]; /* written by the replica, when a peer returned a vote that this journal does not have */
    (void)snprintf(dead, sizeof dead, "dead/%s", hex_of(vote).s);
    if (st == ST_OK && view_get(&v, TABLE_NODE, span_str(dead), &row) == ST_OK) {
        (void)snprintf(why, sizeof why, "%.*s", row.n > 470 ? 470 : (int)row.n, (const char *)row.p);
        say_vote(d, DOCTOR_FOLLOWS, why);
        store_read_end(s, &v);
        return;
    }
    if (st == ST_OK) {
        id.alliance = tip.alliance;
        st = marks_journal(&v, vote, &id.incarnation);
        if (st != ST_OK)
            (void)err_set(&err, st, "the store does not know which vote journal is its own");
    }
    store_read_end(s, &v);
    if (st == ST_OK)
        st = store_disk_open(file_join(&d->a, d->dir, "votes.journal"), false, &f, &err);
    if (st != ST_OK) {
        say_vote(d, DOCTOR_FOLLOWS, err.text);
        return;
    }
    st = store_disk_machine(&f, "/etc/machine-id", &id.machine, &err);
    if (st == ST_OK)
        st = journal_open(&f, &id, &j, &err);
    if (st == ST_OK) {
        struct span record;
        if (journal_get(j, 0, &height, &record) == ST_OK)
            d->report->journal_height = height;
        say_vote(d, DOCTOR_VOTES, "");
        journal_close(j);
    } else {
        say_vote(d, DOCTOR_FOLLOWS, err.text);
    }
    store_disk_close(&f);
}

static void journal_work(struct doctor *d, size_t i)
{
    (void)i;
    struct nodekeys keys = {0};
    struct err err;
    struct store *s = doctor_open_store(d, "store", true);
    if (s == NULL)
        return;
    if (nodekeys_open(file_join(&d->a, d->dir, "keys"), &keys, &err) == ST_OK)
        journal_of(d, s, &keys.vote->pub);
    else
        say_vote(d, DOCTOR_FOLLOWS, "its keys cannot be read");
    nodekeys_close(&keys);
    store_close(s);
}

/* -- Settings and keys -- */

static void check_files(struct doctor *d)
{
    struct err err;
    struct stat sb;
    struct nodekeys keys = {0};
    struct tlsid *tls = NULL;
    if (config_load(d->dir, &d->a, &d->cfg, &err) == ST_OK)
        d->readable = true;
    else
        doctor_say(d, "settings", "%.390s", err.text);
    if (stat(d->dir, &sb) == 0 && (sb.st_mode & 07) != 0)
        doctor_say(d, "settings", "%.200s: mode %04o lets everybody in; run: chmod 700 %.100s", d->dir,
                   (unsigned)(sb.st_mode & 07777), d->dir);
    if (nodekeys_open(file_join(&d->a, d->dir, "keys"), &keys, &err) != ST_OK)
        doctor_say(d, "keys", "%.390s", err.text);
    nodekeys_close(&keys);
    if (d->readable && tlsid_open(d->dir, d->cfg.partner, &tls, &err) != ST_OK)
        doctor_say(d, "keys", "%.390s", err.text);
    tlsid_free(tls);
}

/* -- The whole -- */

enum status doctor_open(struct doctor *d, const char *dir, bool store_only, struct err *err)
{
    struct stat sb;
    *d = (struct doctor){.dir = dir, .store_only = store_only, .lock_fd = -1};
    arena_init(&d->a, 0);
    const char *store = file_join(&d->a, dir, "store");
    bool settings = stat(file_join(&d->a, dir, "node.yaml"), &sb) == 0;
    if (!settings && stat(file_join(&d->a, dir, "backup.yaml"), &sb) == 0)
        d->store_only = true; /* a backup: it has no settings or keys of a node that starts */
    if (!settings && stat(store, &sb) != 0) {
        doctor_close(d);
        return err_set(err, ST_NOTFOUND, "%s is no node's directory: it has neither node.yaml nor store/",
                       dir);
    }
    enum status st = ST_OK;
    if (stat(store, &sb) == 0)
        st = store_lmdb_lock(store, &d->lock_fd, err);
    if (st == ST_LOCKED)
        (void)err_wrap(err, st, "the node must be stopped first: ");
    if (st == ST_OK) {
        d->report = mmap(NULL, sizeof *d->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (d->report == MAP_FAILED) {
            d->report = NULL;
            st = err_set(err, ST_NOMEM, "out of memory");
        }
    }
    if (st != ST_OK)
        doctor_close(d);
    return st;
}

void doctor_close(struct doctor *d)
{
    if (d->report != NULL)
        (void)munmap(d->report, sizeof *d->report);
    if (d->lock_fd >= 0)
        (void)close(d->lock_fd);
    arena_deinit(&d->a);
    *d = (struct doctor){.lock_fd = -1};
}

/* -- Documents -- */

static void check_documents(struct doctor *d)
{
    struct doctor_report *r = d->report;
    struct keep_config cfg = {.dir = file_join(&d->a, d->dir, "documents"), .disk = &keep_disk_system};
    const char *list = file_join(&d->a, cfg.dir, "named");
    const struct keep_doc *doc;
    const struct named_doc *name;
    struct keep *k;
    struct named *named;
    struct err err;
    if (access(cfg.dir, F_OK) != 0)
        return;
    if (keep_open(&cfg, &k, &err) != ST_OK) {
        doctor_say(d, "documents", "%s", err.text);
        return;
    }
    r->has_documents = true;
    for (size_t i = 0; (doc = keep_at(k, i)) != NULL; i++) {
        if (doc->damaged)
            doctor_say(d, "documents", "%s/%s.damaged was set aside; it is not whole again yet", cfg.dir, hex_of(&doc->digest).s);
        if (doc->form == KEEP_WHOLE && keep_verify(k, &doc->digest, &err) != ST_OK)
            doctor_say(d, "documents", "%s", err.text);
        else
            r->documents += doc->form == KEEP_WHOLE;
    }
    if (access(list, F_OK) == 0 && named_open(list, &r->result.alliance, &named, &err) == ST_OK) {
        for (size_t i = 0; (name = named_at(named, i)) != NULL; i++) {
            doc = keep_find(k, &name->digest);
            r->documents_missing += doc == NULL || doc->form != KEEP_WHOLE;
        }
        named_close(named);
    }
    keep_close(k);
}

void doctor_examine(struct doctor *d)
{
    if (!d->store_only)
        check_files(d);
    if (d->lock_fd < 0)
        note_damage(d, "store", "the store is missing: there is no directory store/");
    else
        examine_all(d);
    if (!d->store_only && d->readable && d->lock_fd >= 0)
        doctor_vote(d);
    if (!d->store_only)
        check_documents(d); /* after the store, which names the alliance */
}

void doctor_vote(struct doctor *d)
{
    d->report->vote = DOCTOR_UNKNOWN;
    if (!doctor_child(d, journal_work, 0))
        say_vote(d, DOCTOR_FOLLOWS,
                 "the store cannot be read, so it is not known which vote journal is its own");
}
