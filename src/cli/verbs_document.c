/* Documents: named by their SHA-256, handed in at the own node, got from there. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/cli.h"
#include "crypto/hash.h"

enum { BLOCK = 65536, TRIES = 5 };

static enum status cannot(struct cli *c, const char *path, const char *what)
{
    int e = errno;
    char why[128];
    return err_set(&c->err, e == ENOENT ? ST_NOTFOUND : e == ENOSPC ? ST_NOSPACE : ST_IO, "%s: cannot %s: %s", path, what,
                   strerror_r(e, why, sizeof why));
}

/* -- Named -- */

static enum status open_regular(struct cli *c, const char *path, int *ret_fd, uint64_t *ret_size)
{
    struct stat sb;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? err_set(&c->err, ST_NOTFOUND, "%s: there is no such file", path) : cannot(c, path, "open");
    enum status st = fstat(fd, &sb) != 0 ? cannot(c, path, "look at") : ST_OK;
    if (st == ST_OK && !S_ISREG(sb.st_mode))
        st = err_set(&c->err, ST_IO, "%s: is no file; a document is one", path);
    if (st != ST_OK) {
        (void)close(fd);
        return st;
    }
    *ret_fd = fd;
    *ret_size = (uint64_t)sb.st_size;
    return ST_OK;
}

static enum status digest_of(struct cli *c, const char *path, struct hash *ret_digest, uint64_t *ret_size)
{
    uint8_t block[BLOCK];
    struct sha256 h;
    uint64_t size;
    ssize_t n;
    int fd;
    enum status st = open_regular(c, path, &fd, &size);
    if (st != ST_OK)
        return st;
    sha256_init(&h);
    for (size = 0; (n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR); size += n > 0 ? (uint64_t)n : 0)
        if (n > 0)
            sha256_update(&h, span_of(block, (size_t)n));
    if (n < 0)
        st = cannot(c, path, "read");
    (void)close(fd);
    if (st != ST_OK)
        return st;
    sha256_final(&h, ret_digest);
    *ret_size = size;
    return ST_OK;
}

/* It will be handed in before the entry that names it is (cli_hand_in). */
enum status cli_attach(struct cli *c, const char *path, struct hash *ret_digest)
{
    struct cli_attached f = {.path = path};
    enum status st = digest_of(c, path, &f.digest, &f.size);
    if (st == ST_OK && f.size == 0)
        st = err_set(&c->err, ST_USAGE, "%s: is empty; nothing could be attached", path);
    if (st == ST_OK && c->n_attached == ARRAY_LEN(c->attached))
        st = err_set(&c->err, ST_USAGE, "--attach: at most %zu files", ARRAY_LEN(c->attached));
    if (st != ST_OK)
        return st;
    c->attached[c->n_attached++] = f;
    *ret_digest = f.digest;
    return ST_OK;
}

bool cli_names_documents(const struct cli *c)
{
    return c->document != NULL || c->attach != NULL;
}

enum status cli_documents(struct cli *c, struct hash_list *ret)
{
    struct span_list named = {0, NULL}, attached = {0, NULL};
    enum status st = ST_OK;
    uint64_t size;
    if (c->document != NULL)
        cli_split(c, c->document, &named);
    if (c->attach != NULL)
        cli_split(c, c->attach, &attached);
    *ret = (struct hash_list){0, arena_array(&c->a, named.n + attached.n + 1, sizeof *ret->v)};
    for (size_t i = 0; st == ST_OK && i < named.n; i++)
        st = digest_of(c, (const char *)arena_dup(&c->a, named.v[i]).p, &ret->v[ret->n++], &size);
    for (size_t i = 0; st == ST_OK && i < attached.n; i++)
        st = cli_attach(c, (const char *)arena_dup(&c->a, attached.v[i]).p, &ret->v[ret->n++]);
    return st;
}

/* -- Handed in -- */

static enum status read_block(struct cli *c, int fd, const struct cli_attached *f, uint64_t at, uint8_t *p, size_t *ret_n)
{
    uint64_t left = f->size - at;
    size_t n = left < LIMIT_DOCUMENT_PUT_BYTES ? (size_t)left : LIMIT_DOCUMENT_PUT_BYTES, have = 0;
    while (have < n) {
        ssize_t k = pread(fd, p + have, n - have, (off_t)(at + have));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return cannot(c, f->path, "read");
        if (k == 0)
            return err_set(&c->err, ST_MISMATCH, "%s: became shorter while it was read. Nothing was signed", f->path);
        have += (size_t)k;
    }
    *ret_n = n;
    return ST_OK;
}

/* From where the node is. A chunk that was taken, and whose answer was lost, shows in what it has then. */
static enum status hand_in(struct cli *c, const struct cli_attached *f, int fd, uint8_t *p)
{
    struct rpc_document q = {.digest = f->digest};
    struct rpc_document_state s;
    enum status st = cli_ask(c, METHOD_document, &q, &s);
    bool resumed = st == ST_OK && s.state != DOCUMENT_HERE && s.have > 0 && s.have < f->size;
    if (resumed)
        (void)fprintf(stderr, "%s: %" PRIu64 " of %" PRIu64 " bytes are at the node already; it goes on from there.\n", f->path,
                      s.have, f->size);
    for (int tries = 0; st == ST_OK && s.state != DOCUMENT_HERE;) {
        struct rpc_document_put put = {.digest = f->digest, .size = f->size, .offset = s.have};
        size_t n = 0;
        if (s.have >= f->size)
            return err_set(&c->err, ST_MISMATCH,
                           "%s: the node has %" PRIu64 " bytes of a part of it, which is not its beginning; it drops them when it "
                           "finds out. Try again later",
                           f->path, s.have);
        st = read_block(c, fd, f, s.have, p, &n);
        put.bytes = span_of(p, n);
        if (st == ST_OK)
            st = cli_ask(c, METHOD_document_put, &put, &s);
        if (st == ST_RANGE && tries++ < TRIES)
            st = cli_ask(c, METHOD_document, &q, &s);
    }
    return st;
}

enum status cli_hand_in(struct cli *c)
{
    enum status st = ST_OK;
    uint8_t *p = c->n_attached == 0 ? NULL : malloc(LIMIT_DOCUMENT_PUT_BYTES);
    for (size_t i = 0; st == ST_OK && i < c->n_attached; i++) {
        const struct cli_attached *f = &c->attached[i];
        uint64_t size;
        int fd;
        ASSERT(p != NULL);
        st = open_regular(c, f->path, &fd, &size);
        if (st != ST_OK)
            break;
        st = hand_in(c, f, fd, p);
        (void)close(fd);
        if (st != ST_OK)
            st = err_wrap(&c->err, st, "%s: not attached, and nothing was signed: ", f->path);
    }
    free(p);
    return st;
}

int verb_document_add(struct cli *c)
{
    struct hash digest;
    if (c->n != 1)
        return cli_usage(c, "document add needs a file");
    if (cli_attach(c, c->words[0], &digest) != ST_OK || cli_hand_in(c) != ST_OK)
        return cli_fail(c);
    struct rpc_document q = {.digest = digest};
    struct rpc_document_state s;
    if (cli_ask(c, METHOD_document, &q, &s) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_document_state_desc, &s);
    (void)printf("sha256:%s is at the node of %.*s, %" PRIu64 " bytes.\n", hex_of(&digest).s, SPAN_FMT(c->info.org), s.have);
    if (!HAS(&s, rpc_document_state_key_leaf))
        (void)printf("No entry names it yet; without one it is dropped after %d days.\n", LIMIT_DOCUMENT_WAIT_DAYS);
    return EXIT_DONE;
}

/* -- Got -- */

/* Chunk by chunk into a file; its SHA-256 is computed as it comes. */
static enum status fetch_into(struct cli *c, const struct hash *digest, int fd, const char *path)
{
    struct arena a CLEANUP(arena_deinit);
    struct rpc_document_chunk r;
    struct sha256 h;
    struct hash found;
    struct rpc_document_read q = {.digest = *digest};
    arena_init(&a, 0);
    sha256_init(&h);
    enum status st = cli_connect(c);
    for (uint64_t size = 1; st == ST_OK && q.offset < size; q.offset += r.bytes.n, size = r.size) {
        arena_reset(&a);
        st = client_ask(c->client, METHOD_document_read, &q, &a, &r, &c->err);
        if (st != ST_OK)
            return st;
        sha256_update(&h, r.bytes);
        for (size_t at = 0; at < r.bytes.n;) {
            ssize_t k = write(fd, r.bytes.p + at, r.bytes.n - at);
            if (k < 0 && errno == EINTR)
                continue;
            if (k < 0)
                return cannot(c, path, "write");
            at += (size_t)k;
        }
    }
    sha256_final(&h, &found);
    if (st == ST_OK && !hash_eq(&found, digest))
        st = err_set(&c->err, ST_CORRUPT,
                     "the node gave bytes with SHA-256 %s, not %s; they were dropped. Ask again: entente document get", hex_of(&found).s,
                     hex_of(digest).s);
    return st;
}

static enum status get_file(struct cli *c, const struct hash *digest, const char *path)
{
    struct file_draft draft;
    if (access(path, F_OK) == 0)
        return err_set(&c->err, ST_EXISTS, "%s: exists already; it was left as it is", path);
    enum status st = file_begin(path, 0600, &draft, &c->err);
    if (st != ST_OK)
        return st;
    st = fetch_into(c, digest, draft.fd, path);
    if (st == ST_OK)
        return file_finish(&draft, false, &c->err);
    file_drop(&draft);
    return st;
}

/* To standard output only what is whole. */
static enum status get_output(struct cli *c, const struct hash *digest)
{
    uint8_t block[BLOCK];
    ssize_t n = 0;
    FILE *f = tmpfile();
    if (f == NULL)
        return cannot(c, "a temporary file", "create");
    enum status st = fetch_into(c, digest, fileno(f), "a temporary file");
    for (off_t at = 0; st == ST_OK && (n = pread(fileno(f), block, sizeof block, at)) > 0; at += n)
        if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
            st = cannot(c, "standard output", "write");
    (void)fclose(f);
    return st;
}

static bool parse_digest(const char *word, struct hash *ret)
{
    const char *hex = strncmp(word, "sha256:", 7) == 0 ? word + 7 : word;
    return hex_to_hash(span_str(hex), ret) == ST_OK;
}

int verb_document_get(struct cli *c)
{
    struct hash digest;
    if (c->n != 1 || !parse_digest(c->words[0], &digest))
        return cli_usage(c, "document get needs the SHA-256 of a document, 64 hex digits; entente document list shows them");
    if (c->to == NULL && isatty(STDOUT_FILENO) == 1)
        return cli_usage(c, "document get writes to standard output, and that is a terminal: say where to, with --to FILE");
    enum status st = c->to == NULL ? get_output(c, &digest) : get_file(c, &digest, c->to);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->to != NULL)
        (void)fprintf(stderr, "%s: its SHA-256 is the one on the record's entry.\n", c->to);
    return EXIT_DONE;
}

/* -- Shown -- */

static void put_state(const struct rpc_document_state *s, struct buf *b)
{
    bool size = HAS(s, rpc_document_state_key_size);
    buf_printf(b, "%s", enum_text(&document_state_enum, s->state));
    if (s->state != DOCUMENT_HERE && s->have > 0 && size)
        buf_printf(b, ", %" PRIu64 " of %" PRIu64 " bytes", s->have, s->size);
    else if (size)
        buf_printf(b, ", %" PRIu64 " bytes", s->size);
}

void cli_put_document(struct cli *c, const struct hash *digest, struct buf *b)
{
    struct rpc_document q = {.digest = *digest};
    struct rpc_document_state s;
    struct err err;
    buf_printf(b, "sha256:%s", hex_of(digest).s);
    if (c->client == NULL || c->at != NULL || client_ask(c->client, METHOD_document, &q, &c->a, &s, &err) != ST_OK)
        return;
    buf_printf(b, "  (");
    put_state(&s, b);
    buf_printf(b, ")");
}

void cli_print_document(struct cli *c, const char *before, const struct hash *digest)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    cli_put_document(c, digest, &b);
    (void)printf("%s%s\n", before, buf_cstr(&b));
}

int verb_document_list(struct cli *c)
{
    struct rpc_range q = {.from = c->from_number, .count = c->limit == NULL ? 200 : c->limit_number > 1000 ? 1000 : c->limit_number};
    struct rpc_documents_reply r;
    if (cli_ask(c, METHOD_documents, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_documents_reply_desc, &r);
    if (r.list.n == 0)
        (void)printf("The record names %s documents.\n", r.named == 0 ? "no" : "no further");
    for (size_t i = 0; i < r.list.n; i++) {
        struct buf b CLEANUP(buf_deinit);
        buf_init(&b, 256);
        put_state(&r.list.v[i], &b);
        (void)printf("sha256:%s  %.*s, leaf %" PRIu64 "  %s\n", hex_of(&r.list.v[i].digest).s, SPAN_FMT(r.list.v[i].org),
                     r.list.v[i].leaf, buf_cstr(&b));
    }
    if (q.from + r.list.n < r.named && r.list.n > 0)
        (void)printf("%" PRIu64 " more: entente document list --from %" PRIu64 "\n", r.named - q.from - r.list.n, q.from + r.list.n);
    return EXIT_DONE;
}

int verb_document_status(struct cli *c)
{
    struct rpc_document_status r;
    if (cli_ask(c, METHOD_document_status, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_document_status_desc, &r);
    if (!r.keeps)
        (void)printf("The node of %.*s keeps no documents: only those of partners do.\n", SPAN_FMT(c->info.org));
    (void)printf("named     %" PRIu64 ", by %" PRIu64 " leaves of the record\nhere      %" PRIu64 "\nmissing   %" PRIu64 "\n", r.named,
                 r.leaves, r.here, r.named - r.here);
    if (r.damaged > 0)
        (void)printf("damaged   %" PRIu64 "; they are fetched again. Check the disk\n", r.damaged);
    (void)printf("waiting   %" PRIu64 " that no entry names yet, %" PRIu64 " in part\n", r.unnamed, r.parts);
    (void)printf("room      %" PRIu64 " of %" PRIu64 " bytes; one document may have %" PRIu64 "\n", r.bytes, r.most, r.largest);
    for (size_t i = 0; i < r.peers.n; i++) {
        const struct rpc_document_peer *p = &r.peers.v[i];
        (void)printf("  %-14.*s asked for %" PRIu64 " chunks, gave %" PRIu64 ", was given %" PRIu64, SPAN_FMT(p->org), p->asked, p->came,
                     p->served);
        if (HAS(p, rpc_document_peer_key_fault))
            (void)printf("; %" PRIu64 " faults: %.*s", p->faults, SPAN_FMT(p->fault));
        (void)printf("\n");
    }
    if (HAS(&r, rpc_document_status_key_problem))
        (void)printf("PROBLEM   %.*s\n", SPAN_FMT(r.problem));
    return EXIT_DONE;
}
