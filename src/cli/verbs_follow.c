/* follow: an observer of the log. What it has seen is in two files: the newest checkpoint, as the nodes signed it, and the set of
 * nodes that signs, with the height up to which it was followed. */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "audit/sheet.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/follow_pack.h"
#include "gov/state.h"
#include "ledger/block.h"

enum { EVERY_S = 300, ASK_MS = 20000 };

struct shown {
    const char *node;
    struct client *client; /* NULL: it did not answer */
    struct span note;      /* {NULL, 0}: it has none yet */
    struct checkpoint c;
    bool good; /* verified */
};

struct follow {
    struct cli *cli;
    struct arena a; /* of one round */
    struct arena sets;
    const char *state, *set_file, *evidence;
    struct hash alliance;
    struct span origin;
    bool known; /* alliance and set */
    struct follow_set set;
    struct span note; /* kept; {NULL, 0}: none */
    struct checkpoint kept;
    struct shown shown[16];
    size_t n;
};

/* --- What is kept --- */

static enum status save_set(struct follow *f)
{
    struct buf b CLEANUP(buf_deinit), set CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    buf_init(&set, 1 << 20);
    enum status st = codec_encode(&validator_set_desc, &f->set.set, &set);
    if (st != ST_OK)
        return err_set(&f->cli->err, st, "the set of nodes cannot be encoded");
    buf_printf(&b, "entente follow 1\n%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %.*s\n", hex_of(&f->alliance).s, f->set.height, f->set.epoch,
               f->set.size, SPAN_FMT(f->origin));
    buf_put(&b, set.p, set.n);
    return file_write(f->set_file, buf_span(&b), 0644, true, &f->cli->err);
}

static enum status load_set(struct follow *f)
{
    struct span bytes;
    char hex[65] = "", origin[600] = "";
    int used = 0;
    enum status st = file_read(f->set_file, 1 << 20, &f->sets, &bytes, &f->cli->err);
    if (st == ST_NOTFOUND)
        return ST_OK;
    if (st != ST_OK)
        return st;
    struct buf text CLEANUP(buf_deinit);
    buf_init(&text, 2 << 20);
    buf_put(&text, bytes.p, bytes.n);
    if (sscanf(buf_cstr(&text), "entente follow 1\n%64[0-9a-f] %" SCNu64 " %" SCNu64 " %" SCNu64 " %599[^\n]%n", hex, &f->set.height, &f->set.epoch,
               &f->set.size, origin, &used) != 5 ||
        (size_t)used >= bytes.n || hex_to_hash(span_str(hex), &f->alliance) != ST_OK ||
        codec_decode(&validator_set_desc, span_of(bytes.p + used + 1, bytes.n - (size_t)used - 1), &f->sets, &f->set.set, &f->cli->err) != ST_OK)
        return err_set(&f->cli->err, ST_CORRUPT, "%s: it is not as entente follow writes it. Remove it to begin anew", f->set_file);
    f->origin = arena_dup(&f->sets, span_str(origin));
    f->known = true;
    return ST_OK;
}

static enum status load_kept(struct follow *f)
{
    struct signed_note note;
    struct err err;
    enum status st = file_read(f->state, NOTE_BYTES_MAX, &f->sets, &f->note, &f->cli->err);
    if (st == ST_NOTFOUND) {
        f->note = (struct span){NULL, 0};
        return ST_OK;
    }
    if (st == ST_OK && (note_parse(f->note, &f->sets, &note, &err) != ST_OK || checkpoint_parse(note.text, &f->kept, &err) != ST_OK))
        return err_set(&f->cli->err, ST_CORRUPT, "%s: it is no checkpoint: %s", f->state, err.text);
    return st;
}

/* Written before it is taken for seen. */
static enum status keep(struct follow *f, const struct shown *s)
{
    struct signed_note note;
    TRY(file_write(f->state, s->note, 0644, true, &f->cli->err));
    f->note = arena_dup(&f->sets, s->note);
    TRY(note_parse(f->note, &f->sets, &note, &f->cli->err));
    return checkpoint_parse(note.text, &f->kept, &f->cli->err);
}

/* --- Asking --- */

/* The founding, from whoever answers first: by its id it is this one, or it is not. */
static enum status begin(struct follow *f, struct client *node)
{
    struct cli *c = f->cli;
    struct rpc_genesis_reply r;
    struct genesis_info g;
    struct block b;
    struct hash expect;
    bool named = c->alliance != NULL || c->pinned;
    if (c->alliance != NULL && hex_to_hash(span_str(c->alliance), &expect) != ST_OK)
        return err_set(&c->err, ST_USAGE, "--alliance takes the alliance's id: 64 hex digits");
    TRY(client_ask(node, METHOD_genesis, NULL, &f->sets, &r, &c->err));
    TRY(genesis_read(r.file, true, &f->sets, &g, &c->err));
    TRY(block_genesis(&g, &f->sets, &b, &c->err));
    if (c->alliance == NULL && c->pinned)
        expect = c->expected;
    if (named && !hash_eq(&expect, &g.alliance))
        return err_set(&c->err, ST_MISMATCH, "it is a node of alliance %s; %s was expected", hex_of(&g.alliance).s, hex_of(&expect).s);
    if (!named)
        (void)fprintf(stderr, "Following alliance %s: compare this id with the contract, or give it with --alliance.\n", hex_of(&g.alliance).s);
    f->alliance = g.alliance;
    f->origin = span_str(text_of(&f->sets, "%.*s/%s", SPAN_FMT(g.origin), hex_of(&g.alliance).s));
    f->set = (struct follow_set){.size = b.after.tree.size, .set = {.members = b.record.next_set}};
    f->known = true;
    return save_set(f);
}

/* --pack: the set by a whole record, which may hold re-foundings. What was seen before must be in it. */
static enum status take_pack(struct follow *f)
{
    struct cli *c = f->cli;
    struct follow_pack p;
    struct hash expect = f->alliance;
    if (!f->known && c->alliance != NULL && hex_to_hash(span_str(c->alliance), &expect) != ST_OK)
        return err_set(&c->err, ST_USAGE, "--alliance takes the alliance's id: 64 hex digits");
    if (!f->known && c->alliance == NULL && c->pinned)
        expect = c->expected;
    bool named = f->known || c->alliance != NULL || c->pinned;
    TRY(follow_pack_read(c->pack, named ? &expect : NULL, f->note.n > 0 ? &f->kept : NULL, f->state, &f->sets, &p, &c->err));
    if (f->known && p.set.size < f->set.size)
        return err_set(&c->err, ST_RANGE, "%s is of %" PRIu64 " leaves; %" PRIu64 " were followed already. Get a newer pack", c->pack, p.set.size,
                       f->set.size);
    f->alliance = p.alliance;
    f->origin = p.origin;
    f->set = p.set;
    f->known = true;
    (void)fprintf(stderr, "%s verifies: alliance %s, %" PRIu64 " leaves, epoch %" PRIu64 "; followed from there.\n", c->pack,
                  hex_of(&p.alliance).s, p.set.size, p.set.epoch);
    return save_set(f);
}

static void ask(struct follow *f, struct shown *s)
{
    struct pack_checkpoint note;
    struct err err = {0};
    enum status st = client_open(s->node, ASK_MS, &s->client, &err);
    if (st == ST_OK)
        st = client_ask(s->client, METHOD_checkpoint, NULL, &f->a, &note, &err);
    if (st == ST_OK)
        s->note = note.note;
    else if (st != ST_NOTFOUND) {
        (void)fprintf(stderr, "%s: %s\n", s->node, err.text);
        client_close(s->client);
        s->client = NULL;
    }
}

/* A proof between two sizes from the node, or NULL: it gives none. */
static const struct hash_list *proof_of(struct follow *f, struct client *node, uint64_t less, uint64_t more)
{
    struct rpc_sizes q = {.size1 = less, .size2 = more};
    struct rpc_proof_reply *r = arena_alloc(&f->a, sizeof *r);
    struct err err;
    return client_ask(node, METHOD_consistency, &q, &f->a, r, &err) == ST_OK ? &r->proof : NULL;
}

/* The set that signs a tree of this size, by the certificates of the blocks up to it. */
static enum status walk_to(struct follow *f, struct client *node, uint64_t size, struct err *err)
{
    struct follow_set at = f->set;
    while (at.size < size) {
        struct arena a CLEANUP(arena_deinit);
        struct rpc_number q = {.number = at.height + 1};
        struct pack_block b;
        arena_init(&a, 0);
        TRY(client_ask(node, METHOD_block, &q, &a, &b, err));
        TRY(follow_block(&at, &f->alliance, &b, &f->sets, err));
    }
    if (at.size != size)
        return err_set(err, ST_MISMATCH, "no block ends after %" PRIu64 " leaves", size);
    f->set = at;
    return ST_OK;
}

/* --- Alarm --- */

static void put_file(const char *dir, const char *name, struct span bytes)
{
    struct arena a CLEANUP(arena_deinit);
    struct err err;
    arena_init(&a, 4096);
    if (file_write(file_join(&a, dir, name), bytes, 0644, true, &err) != ST_OK)
        (void)fprintf(stderr, "entente: %s\n", err.text);
}

static void run_command(const char *command, const char *words)
{
    FILE *p = popen(command, "we"); /* the person's own */
    if (p == NULL) {
        (void)fprintf(stderr, "entente: %s: cannot be run\n", command);
        return;
    }
    (void)fprintf(p, "%s\n", words);
    if (pclose(p) != 0)
        (void)fprintf(stderr, "entente: %s: it failed\n", command);
}

static int alarm_of(struct follow *f, const struct shown *s, const char *what)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    const char *stamp = text_of(&f->a, "%lld", (long long)t.tv_sec);
    const char *dir = file_join(&f->a, f->evidence, stamp);
    const char *words = text_of(&f->a, "ALARM: %s %s. Kept as evidence in %s", s->node, what, dir);
    char why[128];
    if ((mkdir(f->evidence, 0777) != 0 && errno != EEXIST) || (mkdir(dir, 0777) != 0 && errno != EEXIST))
        (void)fprintf(stderr, "entente: %s: cannot be made: %s\n", dir, strerror_r(errno, why, sizeof why));
    put_file(dir, "shown.checkpoint", s->note);
    if (f->note.n > 0)
        put_file(dir, "seen-before.checkpoint", f->note);
    put_file(dir, "what.txt", span_str(text_of(&f->a, "%s\n", words)));
    (void)fprintf(stderr, "%s\n", words);
    if (f->cli->json)
        (void)printf("{\"alarm\":true,\"evidence\":\"%s\"}\n", stamp); /* the folder in --evidence */
    if (f->cli->on_alarm != NULL)
        run_command(f->cli->on_alarm, words);
    return EXIT_BAD;
}

/* --- A round --- */

static int verify_one(struct follow *f, struct shown *s)
{
    struct signed_note note;
    struct err err = {0};
    const struct follow_set was = f->set;
    enum status st = note_parse(s->note, &f->a, &note, &err);
    if (st == ST_OK)
        st = checkpoint_parse(note.text, &s->c, &err);
    /* What is older was signed by a set that is no longer at hand: a proof can place it, and it is not kept. */
    if (st == ST_OK && s->c.size < f->set.size)
        return EXIT_DONE;
    if (st == ST_OK)
        st = walk_to(f, s->client, s->c.size, &err);
    if (st == ST_UNREACHABLE || st == ST_CLOSED || st == ST_TIMEOUT || st == ST_UNSUPPORTED) {
        (void)fprintf(stderr, "%s: %s\n", s->node, err.text);
        return st == ST_UNSUPPORTED ? EXIT_FAILED : EXIT_NODE;
    }
    if (st == ST_OK)
        st = follow_verify(s->note, f->origin, &f->set.set, &f->a, &s->c, &err);
    s->good = st == ST_OK;
    if (!s->good) /* a smaller one may still get its quorum */
        f->set = was;
    if (st == ST_RANGE) /* compared, and not kept */
        (void)fprintf(stderr, "%s: its newest checkpoint is of %" PRIu64 " leaves: %s.\n", s->node, s->c.size, err.text);
    return s->good || st == ST_RANGE ? EXIT_DONE : alarm_of(f, s, text_of(&f->a, "shows a tree that is not signed as it must be: %s", err.text));
}

static int compare_one(struct follow *f, struct shown *s)
{
    struct buf words CLEANUP(buf_deinit);
    bool any = f->note.n > 0;
    enum follow_verdict v = follow_compare(any ? &f->kept : NULL, &s->c, NULL);
    bool grew = any && s->c.size > f->kept.size, shrunk = any && s->c.size < f->kept.size;
    if (grew)
        v = follow_compare(&f->kept, &s->c, proof_of(f, s->client, f->kept.size, s->c.size));
    for (size_t i = 0; shrunk && v == FOLLOW_SHORTER && i < f->n; i++) /* whoever has both can prove it */
        if (f->shown[i].client != NULL)
            v = follow_compare(&f->kept, &s->c, proof_of(f, f->shown[i].client, s->c.size, f->kept.size));
    buf_init(&words, 1024);
    if (follow_alarms(v)) {
        follow_words(v, &f->kept, &s->c, &words);
        return alarm_of(f, s, buf_cstr(&words));
    }
    if (v == FOLLOW_BEHIND)
        (void)fprintf(stderr, "%s is behind: %" PRIu64 " of %" PRIu64 " leaves.\n", s->node, s->c.size, f->kept.size);
    if ((v != FOLLOW_FIRST && v != FOLLOW_GREW) || !s->good)
        return EXIT_DONE;
    if (save_set(f) != ST_OK || keep(f, s) != ST_OK)
        return cli_fail(f->cli);
    return EXIT_DONE;
}

static int by_size(const void *x, const void *y)
{
    const struct shown *l = x, *r = y;
    return l->c.size < r->c.size ? -1 : l->c.size > r->c.size;
}

static int judge(struct follow *f)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < f->n; i++) { /* sizes first: the set is walked forwards */
        struct signed_note note;
        struct err err;
        if (f->shown[i].note.n > 0 && note_parse(f->shown[i].note, &f->a, &note, &err) == ST_OK &&
            checkpoint_parse(note.text, &f->shown[i].c, &err) != ST_OK)
            f->shown[i].c = (struct checkpoint){0};
    }
    qsort(f->shown, f->n, sizeof f->shown[0], by_size);
    for (size_t i = 0; code == EXIT_DONE && i < f->n; i++) {
        if (f->shown[i].note.n == 0)
            continue;
        code = verify_one(f, &f->shown[i]);
        if (code == EXIT_DONE)
            code = compare_one(f, &f->shown[i]);
    }
    return code;
}

static int one_round(struct follow *f)
{
    struct cli *c = f->cli;
    size_t answered = 0;
    int code = EXIT_DONE;
    for (size_t i = 0; i < f->n; i++) {
        f->shown[i] = (struct shown){.node = c->n_nodes > 0 ? c->nodes[i] : c->node == NULL ? "." : c->node};
        ask(f, &f->shown[i]);
        answered += f->shown[i].client != NULL;
        if (!f->known && f->shown[i].client != NULL && begin(f, f->shown[i].client) != ST_OK) {
            (void)fprintf(stderr, "%s: ", f->shown[i].node);
            code = cli_fail(c);
            break;
        }
    }
    if (code == EXIT_DONE && answered == 0)
        code = EXIT_NODE;
    if (code == EXIT_DONE)
        code = judge(f);
    for (size_t i = 0; i < f->n; i++) {
        client_close(f->shown[i].client);
        f->shown[i].client = NULL;
    }
    if (code == EXIT_DONE && c->json)
        (void)printf("{\"alarm\":false,\"answered\":%zu,\"size\":%" PRIu64 ",\"root\":\"%s\"}\n", answered, f->kept.size, hex_of(&f->kept.root).s);
    else if (code == EXIT_DONE && f->note.n == 0)
        (void)printf("%zu of %zu nodes answered; none has a checkpoint of a quorum yet.\n", answered, f->n);
    else if (code == EXIT_DONE)
        (void)printf("%zu of %zu nodes answered: %" PRIu64 " leaves, root %s, cosigned by a quorum; all that was seen before is in it.\n", answered,
                     f->n, f->kept.size, hex_of(&f->kept.root).s);
    (void)fflush(stdout);
    return code;
}

int verb_follow(struct cli *c)
{
    struct follow f = {.cli = c, .state = c->state, .n = c->n_nodes > 0 ? c->n_nodes : 1};
    uint64_t every_s = EVERY_S;
    int code = EXIT_DONE;
    if (c->n != 0 || c->state == NULL)
        return cli_usage(c, "follow needs --state FILE, where what it has seen is kept");
    if (c->every != NULL && cli_number(c, "--every", c->every, 1, 86400, &every_s) != ST_OK)
        return cli_fail(c);
    arena_init(&f.a, 0);
    arena_init(&f.sets, 0);
    f.set_file = text_of(&f.sets, "%s.set", c->state);
    f.evidence = c->evidence != NULL ? c->evidence : text_of(&f.sets, "%s.evidence", c->state);
    if (load_set(&f) != ST_OK || load_kept(&f) != ST_OK)
        code = cli_fail(c);
    if (code == EXIT_DONE && c->pack != NULL && take_pack(&f) != ST_OK)
        code = cli_fail(c);
    while (code == EXIT_DONE || (code == EXIT_NODE && !c->once)) {
        arena_reset(&f.a);
        code = one_round(&f);
        if (c->once)
            break;
        if (code == EXIT_DONE || code == EXIT_NODE)
            (void)sleep((unsigned)every_s);
    }
    arena_deinit(&f.a);
    arena_deinit(&f.sets);
    return code;
}
