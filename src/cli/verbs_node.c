/* The own node: how it is, its links, why agreement waits; and what an auditor takes from it: packs,
 * checkpoints, proofs. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/pack_kept.h"
#include "crypto/hash.h"
#include "merkle/note.h"
#include "pack/pack.h"

void cli_print_health(const struct rpc_status_reply *s)
{
    if (HAS(s, rpc_status_reply_key_halted))
        (void)printf("This node has stopped signing: %.*s\nNothing is lost; %" PRIu64
                     " signed entries wait.\n",
                     SPAN_FMT(s->halted), s->outbox);
    else if (HAS(s, rpc_status_reply_key_no_vote))
        (void)printf("This node does not vote: %.*s\n", SPAN_FMT(s->no_vote));
    if (!HAS(s, rpc_status_reply_key_halted) && s->syncing)
        (void)printf("This node catches up: at block %" PRIu64 ".\n", s->height);
    if (s->connected < s->quorum)
        (void)printf("No quorum: %" PRIu64 " of %" PRIu64 " nodes are within reach, %" PRIu64
                     " must sign. What you sign is kept and waits.\n",
                     s->connected, s->validators, s->quorum);
    if (s->validators < 4)
        (void)printf("With %" PRIu64 " nodes, any absence halts finality.\n", s->validators);
}

int cli_health_exit(const struct rpc_status_reply *s)
{
    return HAS(s, rpc_status_reply_key_halted) || HAS(s, rpc_status_reply_key_no_vote) || s->syncing || s->connected < s->quorum ? EXIT_NODE
                                                                                         : EXIT_DONE;
}

int verb_node_status(struct cli *c)
{
    struct rpc_status_reply s;
    if (cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    if (c->json) {
        (void)cli_json(c, &rpc_status_reply_desc, &s);
        return cli_health_exit(&s);
    }
    (void)printf("alliance    %.*s  %s\nnode        %.*s\nblock       %" PRIu64
                 "  %s\n            of %s\ntree        %" PRIu64 " leaves, root %s\n",
                 SPAN_FMT(c->info.name), hex_of(&c->info.alliance).s, SPAN_FMT(c->info.org), s.height,
                 hex_of(&s.block).s, cli_time(s.time_ms).s, s.size, hex_of(&s.root).s);
    (void)printf("state root  %s\nnodes       %" PRIu64 " of %" PRIu64 " within reach, %" PRIu64
                 " must sign\nwaiting     %" PRIu64 " accepted here, %" PRIu64 " known\ncheckpoint  %" PRIu64
                 " leaves cosigned by a quorum\n",
                 hex_of(&s.state_root).s, s.connected, s.validators, s.quorum, s.outbox, s.mempool,
                 s.checkpoint);
    cli_print_health(&s);
    return cli_health_exit(&s);
}

int verb_node_peers(struct cli *c)
{
    struct rpc_peers_reply r;
    if (cli_ask(c, METHOD_peers, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_peers_reply_desc, &r);
    uint64_t now = clock_wall_ms(&clock_system);
    for (size_t i = 0; i < r.list.n; i++) {
        const struct rpc_peer *p = &r.list.v[i];
        (void)printf("%-14.*s %-6s %-10s %-22.*s in %" PRIu64 " out %" PRIu64 " B", SPAN_FMT(p->org),
                     p->connected ? "up" : "DOWN", cli_span(now, p->since_ms).s, SPAN_FMT(p->address),
                     p->bytes_in, p->bytes_out);
        if (p->height > 0)
            (void)printf("  at block %" PRIu64, p->height - 1);
        if (HAS(p, rpc_peer_key_entries))
            (void)printf("  %" PRIu64 " entries of its seats", p->entries);
        if (HAS(p, rpc_peer_key_unanswered))
            (void)printf("  %" PRIu64 " questions beyond its share", p->unanswered);
        if (p->dropped > 0)
            (void)printf("  %" PRIu64 " dropped", p->dropped);
        if (p->faults > 0)
            (void)printf("  %" PRIu64 " bad messages", p->faults);
        if (HAS(p, rpc_peer_key_slowed))
            (void)printf("  slowed down %" PRIu64 " times", p->slowed);
        (void)printf("\n");
        if (HAS(p, rpc_peer_key_fault))
            (void)printf("               last bad message: %.*s\n", SPAN_FMT(p->fault));
        if (HAS(p, rpc_peer_key_contested) && p->contested > 1)
            (void)printf("               %" PRIu64 " times in a row a new connection took this one's place\n", p->contested);
        if ((!p->connected || HAS(p, rpc_peer_key_contested)) && HAS(p, rpc_peer_key_error))
            (void)printf("               %.*s\n", SPAN_FMT(p->error));
    }
    return EXIT_DONE;
}

/* Which nodes that decide are away, and since when. */
static void print_absent(struct cli *c, const struct rpc_status_reply *s)
{
    struct rpc_peers_reply r;
    struct query_parties l;
    if (cli_ask(c, METHOD_peers, NULL, &r) != ST_OK || cli_ask(c, METHOD_parties, NULL, &l) != ST_OK)
        return;
    for (size_t i = 0; i < r.list.n; i++) {
        const struct rpc_peer *p = &r.list.v[i];
        bool votes = false;
        for (size_t k = 0; k < l.list.n; k++)
            votes = votes || (span_eq(l.list.v[k].org, p->org) && l.list.v[k].votes > 0);
        if (votes && !p->connected)
            (void)printf("  %-14.*s absent since %s\n", SPAN_FMT(p->org), p->since_ms == 0 ? "this node started" : cli_time(p->since_ms).s);
    }
    (void)printf("It goes on when %" PRIu64 " of them %s. Until then no block is made: nothing becomes final, and no deadline fires.\n",
                 s->quorum - s->connected, s->quorum - s->connected == 1 ? "returns" : "return");
}

int verb_node_why(struct cli *c)
{
    static const char idle[] = "Nothing waits for a decision."; /* as a node says that sees no further than its own entries */
    struct rpc_why_reply r;
    struct rpc_status_reply s;
    if (cli_ask(c, METHOD_why, NULL, &r) != ST_OK || cli_ask(c, METHOD_status, NULL, &s) != ST_OK)
        return cli_fail(c);
    if (c->json) {
        (void)cli_json(c, &rpc_why_reply_desc, &r);
        return cli_health_exit(&s);
    }
    bool alone = s.connected < s.quorum && r.round < 0;
    const uint8_t *at = alone ? memmem(r.words.p, r.words.n, idle, sizeof idle - 1) : NULL;
    if (at != NULL)
        r.words.n = (size_t)(at - r.words.p);
    if (r.words.n > 0)
        (void)printf("%.*s\n", SPAN_FMT(r.words));
    if (alone) {
        (void)printf("No quorum: %" PRIu64 " of %" PRIu64 " nodes are within reach, %" PRIu64 " must sign. Absent:\n", s.connected, s.validators,
                     s.quorum);
        print_absent(c, &s);
    }
    if (r.round < 0)
        return cli_health_exit(&s);
    (void)printf("height %" PRIu64 ", round %" PRId64 ", step %.*s for %" PRIu64
                 " s; proposer %.*s; prevotes %" PRIu64 ", precommits %" PRIu64 " of %" PRIu64 " needed\n",
                 r.height, r.round, SPAN_FMT(r.step), r.step_ms / 1000, SPAN_FMT(r.proposer), r.prevotes,
                 r.precommits, r.needed);
    for (size_t i = 0; i < r.missing.n; i++)
        (void)printf("  %-14.*s %s since %s\n", SPAN_FMT(r.missing.v[i].org),
                     r.missing.v[i].connected ? "within reach" : "absent",
                     r.missing.v[i].since_ms == 0 ? "this node started"
                                                  : cli_time(r.missing.v[i].since_ms).s);
    return cli_health_exit(&s);
}

int verb_node_backup(struct cli *c)
{
    struct rpc_backup q = {.with_keys = c->with_keys};
    struct rpc_backup_reply r;
    char here[2048];
    if (c->n != 1)
        return cli_usage(c, "node backup needs the directory to make");
    const char *dir = c->words[0];
    if (dir[0] != '/' && getcwd(here, sizeof here) == NULL)
        return cli_usage(c, "node backup: this directory has no path; give a whole path, from /");
    if (dir[0] != '/')
        dir = file_join(&c->a, here, dir);
    q.directory = span_str(dir);
    if (codec_check(&rpc_backup_desc, &q, &c->err) != ST_OK || cli_ask(c, METHOD_backup, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_backup_reply_desc, &r);
    (void)printf("%s: block %" PRIu64 " of %s, %" PRIu64 " leaves, root %s\n", dir, r.height,
                 cli_time(r.time_ms).s, r.size, hex_of(&r.root).s);
    (void)printf("Verified: %" PRIu64
                 " records, every header and certificate, the tree, the state. %" PRIu64 " bytes.\n",
                 r.records, r.bytes);
    (void)printf("%s The vote key and the vote journal are never in a backup. To use it: ententd restore %s DIR\n",
                 c->with_keys ? "It holds secret keys of the node: keep it as you keep those."
                              : "It holds no keys.",
                 dir);
    return EXIT_DONE;
}

static bool period(struct cli *c, struct rpc_period *ret)
{
    static const uint64_t MONTH_MS = UINT64_C(30) * 24 * 3600 * 1000;
    uint64_t now = clock_wall_ms(&clock_system) + 1;
    *ret = (struct rpc_period){.from_ms = now - MONTH_MS, .to_ms = now};
    return (c->since == NULL || time_parse(span_str(c->since), &ret->from_ms) == ST_OK) &&
           (c->until == NULL || time_parse(span_str(c->until), &ret->to_ms) == ST_OK) && ret->from_ms < ret->to_ms;
}

int verb_node_availability(struct cli *c)
{
    struct rpc_period asked;
    struct query_availability r;
    if (!period(c, &asked))
        return cli_usage(c, "--since and --until: expected two times, the earlier first, for instance 2026-11-23T09:00:00Z");
    if (cli_ask(c, METHOD_availability, &asked, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_availability_desc, &r);
    (void)printf("%s to %s: %" PRIu64 " blocks\n", cli_time(asked.from_ms).s, cli_time(asked.to_ms).s, r.blocks);
    for (size_t i = 0; i < r.list.n; i++) {
        const struct query_present *p = &r.list.v[i];
        (void)printf("  %-14.*s signed %" PRIu64 " of %" PRIu64 " (%" PRIu64 " %%)", SPAN_FMT(p->org), p->signed_blocks, p->blocks,
                     p->signed_blocks * 100 / p->blocks);
        if (HAS(p, query_present_key_last_ms))
            (void)printf(", last %s", cli_time(p->last_ms).s);
        if (p->longest > 0)
            (void)printf("; longest gap %" PRIu64 " blocks from %s", p->longest, cli_time(p->longest_from_ms).s);
        (void)printf("\n");
    }
    (void)printf("Counted from certificates, which hold the first quorum of signatures: a node that signed a little later counts as absent "
                 "from that block.\n");
    return EXIT_DONE;
}

uint64_t cli_cosignatures(struct cli *c, struct span note)
{
    struct buf b CLEANUP(buf_deinit);
    uint64_t n = 0;
    buf_init(&b, 1024);
    buf_printf(&b, "\n\xe2\x80\x94 %.*s/", SPAN_FMT(c->info.origin));
    for (size_t i = 0; i + b.n <= note.n; i++)
        n += memcmp(note.p + i, b.p, b.n) == 0;
    return n;
}

/* The blocks from a height on, one at a time. */
static enum status write_blocks(struct cli *c, FILE *f, uint64_t from, uint64_t to)
{
    enum status st = ST_OK;
    for (uint64_t h = from; st == ST_OK && h <= to; h++) {
        struct arena a CLEANUP(arena_deinit);
        struct pack_block b;
        struct rpc_number q = {.number = h};
        arena_init(&a, 0);
        st = client_ask(c->client, METHOD_block, &q, &a, &b, &c->err);
        if (st == ST_OK)
            st = pack_put(f, &pack_block_desc, &b, &c->err);
    }
    return st;
}

enum status cli_write_pack(struct cli *c, FILE *f, uint64_t from, uint64_t *ret_blocks, uint64_t *ret_leaves)
{
    struct rpc_genesis_reply g;
    struct rpc_boundary_reply at;
    enum status st = cli_ask(c, METHOD_genesis, NULL, &g);
    if (st == ST_OK)
        st = cli_ask(c, METHOD_boundary, NULL, &at);
    struct pack_head head = {.version = 1, .alliance = c->info.alliance, .genesis = g.file};
    if (st == ST_OK && from == 0)
        st = pack_begin(f, PACK_MAGIC, &c->err);
    if (st == ST_OK && from == 0)
        st = pack_put(f, &pack_head_desc, &head, &c->err);
    if (st == ST_OK)
        st = write_blocks(c, f, from, at.height);
    struct pack_checkpoint note;
    struct rpc_status_reply s;
    if (st == ST_OK && cli_ask(c, METHOD_checkpoint, NULL, &note) == ST_OK && cli_ask(c, METHOD_status, NULL, &s) == ST_OK) {
        const uint8_t *nl = memchr(note.note.p, '\n', note.note.n);
        uint64_t size = nl == NULL ? UINT64_MAX : strtoull((const char *)nl + 1, NULL, 10);
        /* Else it is of a block that came after this export began, or lacks a quorum (PAK-6). */
        if (size <= at.size && cli_cosignatures(c, note.note) >= s.quorum)
            st = pack_put(f, &pack_checkpoint_desc, &note, &c->err);
    }
    struct pack_end end = {.blocks = at.height + 1, .leaves = at.size, .root = at.root};
    if (st == ST_OK)
        st = pack_put(f, &pack_end_desc, &end, &c->err);
    *ret_blocks = end.blocks;
    *ret_leaves = end.leaves;
    return st;
}

/* Where an earlier run stopped, if what it left is the beginning of this node's record: the file is then cut to it. */
static enum status go_on(struct cli *c, FILE *f, const char *path, uint64_t *ret_from)
{
    struct pack_kept kept;
    struct pack_block same;
    struct err why;
    *ret_from = 0;
    enum status st = cli_connect(c);
    if (st == ST_OK && pack_kept_read(c, f, &kept, &why) != ST_OK)
        return err_set(&c->err, ST_MISMATCH, "%s: %s. Move it away to begin anew", path, why.text);
    if (st == ST_OK && kept.next > 0) {
        struct rpc_number q = {.number = kept.next - 1};
        st = cli_ask(c, METHOD_block, &q, &same);
        struct hash id;
        if (st == ST_OK)
            sha256(same.header, &id);
        if (st == ST_OK && !hash_eq(&id, &kept.last))
            return err_set(&c->err, ST_MISMATCH,
                           "%s: block %" PRIu64 " in it is another one than this node's: two histories. Keep that file, and ask another partner",
                           path, kept.next - 1);
    }
    if (st == ST_OK && (fflush(f) != 0 || ftruncate(fileno(f), kept.end) != 0 || fseek(f, kept.end, SEEK_SET) != 0))
        st = err_set(&c->err, ST_IO, "%s: cannot be gone on with", path);
    if (st == ST_OK)
        *ret_from = kept.next;
    if (st == ST_OK && kept.next > 0)
        (void)fprintf(stderr, "Going on after block %" PRIu64 ", which %s has.\n", kept.next - 1, path);
    return st;
}

int verb_pack(struct cli *c)
{
    char part[4096];
    uint64_t blocks, leaves, from = 0;
    if (c->n != 1)
        return cli_usage(c, "pack needs the file to write");
    if (c->from != NULL || c->to != NULL || c->pack != NULL)
        return cli_pack_range(c);
    (void)snprintf(part, sizeof part, "%s.part", c->words[0]);
    /* Its name is known, so that the next call goes on from it: so it may be no link, to a file that is somebody's. */
    int fd = open(part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r+b");
    char why[128];
    if (f == NULL) {
        (void)err_set(&c->err, ST_IO, "%s: cannot write: %s", part, strerror_r(errno, why, sizeof why));
        return cli_fail(c);
    }
    enum status st = go_on(c, f, part, &from);
    bool begun = st == ST_OK;
    if (st == ST_OK)
        st = cli_write_pack(c, f, from, &blocks, &leaves);
    if (st == ST_OK && (fflush(f) != 0 || fsync(fd) != 0))
        st = err_set(&c->err, ST_NOSPACE, "%s: cannot be written to its end", part);
    if (fclose(f) != 0 && st == ST_OK)
        st = err_set(&c->err, ST_NOSPACE, "%s: cannot be written to its end", part);
    if (st == ST_OK && rename(part, c->words[0]) != 0)
        st = err_set(&c->err, ST_IO, "%s: cannot be renamed to %s", part, c->words[0]);
    if (st == ST_OK)
        st = file_sync_parent(c->words[0], &c->err);
    if (st != ST_OK) {
        struct stat is;
        int code = cli_fail(c);
        if (stat(part, &is) == 0 && is.st_size == 0)
            (void)remove(part);
        else if (begun)
            (void)fprintf(stderr, "What came is in %s, and no pack yet: the same command goes on from there.\n", part);
        return code;
    }
    if (c->json) {
        (void)printf("{\"blocks\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"leaves\":%" PRIu64 ",\"alliance\":\"%s\"}\n", blocks, from, leaves,
                     hex_of(&c->info.alliance).s);
        return EXIT_DONE;
    }
    (void)printf("%s: %" PRIu64 " blocks, %" PRIu64
                 " leaves. Check it: entente-audit verify %s --expect-alliance %s\n",
                 c->words[0], blocks, leaves, c->words[0], hex_of(&c->info.alliance).s);
    return EXIT_DONE;
}

int verb_checkpoint(struct cli *c)
{
    struct pack_checkpoint r;
    struct query_parties parties;
    if (cli_ask(c, METHOD_checkpoint, NULL, &r) != ST_OK ||
        cli_ask(c, METHOD_parties, NULL, &parties) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &pack_checkpoint_desc, &r);
    if (c->out == NULL)
        (void)fwrite(r.note.p, 1, r.note.n, stdout);
    else if (file_write(c->out, r.note, 0644, true, &c->err) != ST_OK)
        return cli_fail(c);
    for (size_t i = 0; i < parties.list.n; i++) {
        const struct query_party *p = &parties.list.v[i];
        struct buf b CLEANUP(buf_deinit), key CLEANUP(buf_deinit);
        buf_init(&b, 2048);
        buf_init(&key, 2048);
        if (p->party.role == ROLE_OBSERVER)
            continue;
        buf_printf(&b, "%.*s/%.*s", SPAN_FMT(c->info.origin), SPAN_FMT(p->org));
        struct note_key k = note_key_make(buf_span(&b), NOTE_COSIGNATURE, &p->party.node.cosign);
        note_key_put(&k, &key);
        (void)fprintf(c->out == NULL ? stderr : stdout, "%s\n", buf_cstr(&key));
    }
    return EXIT_DONE;
}

int verb_proof(struct cli *c)
{
    struct rpc_leaf q = {0};
    struct rpc_leaf_reply r;
    struct hash h;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    if (c->n != 1 || strspn(c->words[0], "0123456789") != strlen(c->words[0]))
        return cli_usage(c, "proof needs the number of a leaf: entente log shows them");
    if (cli_number(c, "leaf", c->words[0], 0, INT64_MAX, &q.index) != ST_OK)
        return cli_fail(c);
    if (cli_ask(c, METHOD_leaf, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_leaf_reply_desc, &r);
    uint8_t zero = 0;
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, span_of(&zero, 1));
    sha256_update(&s, r.leaf);
    sha256_final(&s, &h);
    buf_printf(&b, "entente-audit inclusion --leaf-hash ");
    base64_put(&b, span_hash(&h));
    buf_printf(&b, " --index %" PRIu64 " --size %" PRIu64 " --root ", q.index, r.size);
    base64_put(&b, span_hash(&r.root));
    buf_printf(&b, " --proof ");
    for (size_t i = 0; i < r.proof.n; i++) {
        buf_printf(&b, "%s", i == 0 ? "" : ",");
        base64_put(&b, span_hash(&r.proof.v[i]));
    }
    (void)puts(buf_cstr(&b));
    return EXIT_DONE;
}
