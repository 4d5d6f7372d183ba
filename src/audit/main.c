/* entente-audit: checks a pack, a proof or a checkpoint, trusting nobody. It opens no connection and writes no file. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include "audit/verify.h"
#include "crypto/ed25519.h"
#include "ledger/signatures.h"
#include "merkle/checkpoint.h"
#include "merkle/rfc6962.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_BAD = 6 };
enum { FILE_MAX = 1 << 20, KEYS_MAX = 128 };

static const char usage[] =
    "entente-audit: checks what an alliance recorded, trusting nobody.\n"
    "\n"
    "  entente-audit verify PACK [--expect-alliance ID] [--json]\n"
    "  entente-audit inclusion --leaf-hash B64 --index N --size N --root B64 --proof B64,...\n"
    "  entente-audit consistency --size1 N --root1 B64 --size2 N --root2 B64 --proof B64,...\n"
    "  entente-audit checkpoint FILE --key VKEY...\n"
    "  entente-audit --version | --help\n"
    "\n"
    "PACK and FILE may be -, standard input. An empty --proof is the empty proof.\n"
    "Exit status: 0 verified, 1 the file cannot be read, 2 used wrongly, 6 verification failed.\n";

static int used_wrongly(const char *what)
{
    (void)fprintf(stderr, "entente-audit: %s\n\n%s", what, usage);
    return EXIT_USAGE;
}

static int bad(const char *text)
{
    (void)fprintf(stderr, "NOT VERIFIED: %s\n", text);
    return EXIT_BAD;
}

/* "1,234,567" */
struct grouped {
    char s[32];
};

static struct grouped grouped(uint64_t n)
{
    char digits[24];
    struct grouped g;
    size_t at = 0;
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            g.s[at++] = ',';
        g.s[at++] = digits[i];
    }
    g.s[at] = 0;
    return g;
}

static void print_report(const struct verify_report *r)
{
    uint64_t members = 0;
    (void)printf("VERIFIED %s entries, %s blocks, %s decisions re-executed; %s detached texts, %s absent\n", grouped(r->entries).s,
                 grouped(r->blocks).s, grouped(r->decisions).s, grouped(r->prose).s, grouped(r->prose_absent).s);
    (void)printf("alliance     %.*s  %s\n", SPAN_FMT(r->name), hex_of(&r->alliance).s);
    (void)printf("founded      %s   newest block %" PRIu64 " of %s\n", time_utc(r->founded_ms).s, r->height, time_utc(r->last_ms).s);
    (void)printf("tree         %s leaves, root %s\n", grouped(r->size).s, hex_of(&r->root).s);
    (void)printf("state root   %s\n", hex_of(&r->state_root).s);
    (void)printf("signatures   %s checked; %s certificates; %s deadlines fired\n", grouped(r->signatures).s, grouped(r->certificates).s,
                 grouped(r->timers).s);
    if (r->refoundings > 0)
        (void)printf("epochs       %s begun by refounding, signed by the registrar and another seat of every partner%s\n", grouped(r->refoundings).s,
                     r->by_refounding > 0 ? "; the last block of an epoch has no certificate, only prevotes and these signatures" : "");
    if (r->whole_checkpoint)
        (void)printf("checkpoint   %s leaves, cosigned by a quorum\n", grouped(r->checkpoint_size).s);
    else
        (void)printf("checkpoint   none that a quorum cosigned (%s read): the newest blocks rest on their certificates alone\n",
                     grouped(r->checkpoints).s);
    (void)printf("decisions   ");
    for (size_t i = 0; i < VERIFY_PHASES; i++)
        if (r->phases[i] != 0)
            (void)printf(" %s %s ", enum_text(&phase_enum, (uint32_t)i), grouped(r->phases[i]).s);
    (void)printf("%s\n", r->decisions == 0 ? " none" : "");
    for (size_t i = 0; i < r->n_orgs; i++) {
        const struct verify_org *o = &r->orgs[i];
        (void)printf("%-12.*s signed %s of %s blocks, %s entries\n", SPAN_FMT(o->org), grouped(o->blocks).s, grouped(o->could).s,
                     grouped(o->entries).s);
    }
    for (size_t i = 0; i < MEMBER_CHANGES; i++)
        members += r->members.counts[i];
    if (members > 0) {
        (void)printf("members     ");
        for (size_t i = 0; i < MEMBER_CHANGES; i++)
            if (r->members.counts[i] > 0)
                (void)printf(" %s %s ", member_change_text[i], grouped(r->members.counts[i]).s);
        (void)printf("\n");
    }
    for (size_t i = 0; i < r->members.n_lines; i++) {
        const struct member_line *l = &r->members.lines[i];
        (void)printf("  block %-8" PRIu64 " %s  %.*s: %s\n", l->height, time_utc(l->time_ms).s, SPAN_FMT(l->org),
                     member_change_text[l->change]);
    }
    if (members > r->members.n_lines)
        (void)printf("  and %s more\n", grouped(members - r->members.n_lines).s);
    (void)printf("Not checked: that this is the newest record (compare the root with another partner's), and what absent texts said.\n");
}

static json_t *json_hash(const struct hash *h)
{
    return json_string(hex_of(h).s);
}

static void print_json(const struct verify_report *r)
{
    json_t *orgs = json_array(), *phases = json_object();
    for (size_t i = 0; i < r->n_orgs; i++)
        json_array_append_new(orgs, json_pack("{s:s%,s:I,s:I,s:I}", "org", (const char *)r->orgs[i].org.p, r->orgs[i].org.n, "signed",
                                              (json_int_t)r->orgs[i].blocks, "could_sign", (json_int_t)r->orgs[i].could, "entries",
                                              (json_int_t)r->orgs[i].entries));
    for (size_t i = 0; i < VERIFY_PHASES; i++)
        if (r->phases[i] != 0)
            json_object_set_new(phases, enum_text(&phase_enum, (uint32_t)i), json_integer((json_int_t)r->phases[i]));
    json_t *members = json_array();
    for (size_t i = 0; i < r->members.n_lines; i++) {
        const struct member_line *l = &r->members.lines[i];
        json_array_append_new(members, json_pack("{s:s%,s:s,s:I,s:I}", "org", (const char *)l->org.p, l->org.n, "what",
                                                 member_change_text[l->change], "height", (json_int_t)l->height, "time_ms",
                                                 (json_int_t)l->time_ms));
    }
    json_t *o = json_pack(
        "{s:b,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:I,s:o,s:o,s:o}", "verified", 1, "alliance", json_hash(&r->alliance), "root",
        json_hash(&r->root), "state_root", json_hash(&r->state_root), "entries", (json_int_t)r->entries, "blocks", (json_int_t)r->blocks,
        "size", (json_int_t)r->size, "decisions", (json_int_t)r->decisions, "signatures", (json_int_t)r->signatures, "texts",
        (json_int_t)r->prose, "texts_absent", (json_int_t)r->prose_absent, "checkpoints", (json_int_t)r->checkpoints,
        "quorum_checkpoint", (int)r->whole_checkpoint, "deadlines_fired", (json_int_t)r->timers, "phases", phases, "organisations", orgs, "members",
        members);
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)puts(text == NULL ? "{}" : text);
    free(text);
    json_decref(o);
}

static int failed(const struct verify_failure *f, bool json)
{
    (void)fprintf(stderr, "NOT VERIFIED\nregion  %s, frame %" PRIu64 " (bytes %" PRIu64 " to %" PRIu64 " of the file), after block %" PRIu64
                          "\nwhy     %s\n",
                  f->region, f->place.frame, f->place.offset, f->place.offset + f->place.bytes, f->height, f->why);
    if (json) {
        json_t *o = json_pack("{s:b,s:s,s:I,s:I,s:I,s:s}", "verified", 0, "region", f->region, "frame", (json_int_t)f->place.frame, "offset",
                              (json_int_t)f->place.offset, "bytes", (json_int_t)f->place.bytes, "why", f->why);
        char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        (void)puts(text == NULL ? "{}" : text);
        free(text);
        json_decref(o);
    }
    return EXIT_BAD;
}

static int cmd_verify(int argc, char **argv)
{
    static const struct option options[] = {
        {"expect-alliance", required_argument, NULL, 'e'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct hash expect;
    bool has_expect = false, json = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if (o == 'j')
            json = true;
        else if (o == 'e' && hex_to_hash(span_str(optarg), &expect) == ST_OK)
            has_expect = true;
        else
            return used_wrongly(o == 'e' ? "--expect-alliance takes the alliance's id: 64 hex digits" : "verify takes PACK, --expect-alliance ID and --json");
    }
    if (optind + 1 != argc)
        return used_wrongly("verify needs one pack");
    const char *path = argv[optind];
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char why[128];
    if (f == NULL) {
        (void)fprintf(stderr, "entente-audit: %s: cannot open: %s\n", path, strerror_r(errno, why, sizeof why));
        return EXIT_FAILED;
    }
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct verify_report r;
    struct verify_failure fail;
    struct err err = {0};
    enum status st = verify_pack(f, has_expect ? &expect : NULL, signatures_threads(), &a, &r, &fail, &err);
    if (f != stdin)
        (void)fclose(f);
    if (st == ST_BADSIG && fail.region[0] != 0)
        return failed(&fail, json);
    if (st != ST_OK) {
        (void)fprintf(stderr, "entente-audit: %s: %s\n", path, err.text[0] != 0 ? err.text : status_text(st));
        return EXIT_FAILED;
    }
    if (json)
        print_json(&r);
    else
        print_report(&r);
    return EXIT_DONE;
}

static bool number(const char *s, uint64_t *ret)
{
    char *end;
    if (s == NULL || s[0] < '0' || s[0] > '9')
        return false;
    errno = 0;
    unsigned long long v = strtoull(s, &end, 10);
    *ret = v;
    return errno == 0 && *end == 0;
}

static bool hash_of_b64(const char *s, struct arena *a, struct hash *ret)
{
    struct span b;
    if (s == NULL || base64_decode(span_str(s), a, &b) != ST_OK || b.n != 32)
        return false;
    memcpy(ret->b, b.p, 32);
    return true;
}

/* "B64,B64,..."; empty for none. */
static bool proof_of(const char *s, struct arena *a, struct hash *v, size_t *ret_n)
{
    *ret_n = 0;
    if (s == NULL)
        return false;
    while (*s != 0) {
        const char *comma = strchr(s, ',');
        size_t n = comma == NULL ? strlen(s) : (size_t)(comma - s);
        struct span one = arena_dup(a, span_of(s, n));
        if (*ret_n == RFC6962_PROOF_MAX || !hash_of_b64((const char *)one.p, a, &v[*ret_n]))
            return false;
        *ret_n += 1;
        s += n + (comma != NULL);
        if (comma != NULL && *s == 0)
            return false;
    }
    return true;
}

struct proof_args {
    const char *leaf, *index, *size, *root, *size1, *root1, *size2, *root2, *proof;
};

static bool proof_args(int argc, char **argv, struct proof_args *p)
{
    static const struct option options[] = {
        {"leaf-hash", required_argument, NULL, 'l'}, {"index", required_argument, NULL, 'i'}, {"size", required_argument, NULL, 's'},
        {"root", required_argument, NULL, 'r'},      {"size1", required_argument, NULL, '1'}, {"root1", required_argument, NULL, '3'},
        {"size2", required_argument, NULL, '2'},     {"root2", required_argument, NULL, '4'}, {"proof", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0}};
    *p = (struct proof_args){0};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        const char **at = o == 'l'   ? &p->leaf
                          : o == 'i' ? &p->index
                          : o == 's' ? &p->size
                          : o == 'r' ? &p->root
                          : o == '1' ? &p->size1
                          : o == '3' ? &p->root1
                          : o == '2' ? &p->size2
                          : o == '4' ? &p->root2
                          : o == 'p' ? &p->proof
                                     : NULL;
        if (at == NULL)
            return false;
        *at = optarg;
    }
    return optind == argc;
}

static int cmd_inclusion(int argc, char **argv)
{
    struct proof_args p;
    struct arena a CLEANUP(arena_deinit);
    struct hash leaf, root, proof[RFC6962_PROOF_MAX];
    uint64_t index, size;
    size_t n;
    struct err err;
    arena_init(&a, 1 << 20);
    if (!proof_args(argc, argv, &p) || !hash_of_b64(p.leaf, &a, &leaf) || !number(p.index, &index) || !number(p.size, &size) ||
        !hash_of_b64(p.root, &a, &root) || !proof_of(p.proof, &a, proof, &n))
        return used_wrongly("inclusion needs --leaf-hash, --index, --size, --root and --proof; hashes are base64 of 32 bytes");
    if (rfc6962_verify_inclusion(&leaf, index, size, proof, n, &root, &err) != ST_OK)
        return bad(err.text);
    (void)printf("VERIFIED: leaf %" PRIu64 " is in the tree of %" PRIu64 " leaves\n", index, size);
    return EXIT_DONE;
}

static int cmd_consistency(int argc, char **argv)
{
    struct proof_args p;
    struct arena a CLEANUP(arena_deinit);
    struct hash root1, root2, proof[RFC6962_PROOF_MAX];
    uint64_t size1, size2;
    size_t n;
    struct err err;
    arena_init(&a, 1 << 20);
    if (!proof_args(argc, argv, &p) || !number(p.size1, &size1) || !number(p.size2, &size2) || !hash_of_b64(p.root1, &a, &root1) ||
        !hash_of_b64(p.root2, &a, &root2) || !proof_of(p.proof, &a, proof, &n))
        return used_wrongly("consistency needs --size1, --root1, --size2, --root2 and --proof; hashes are base64 of 32 bytes");
    if (rfc6962_verify_consistency(size1, &root1, size2, &root2, proof, n, &err) != ST_OK)
        return bad(err.text);
    (void)printf("VERIFIED: the tree of %" PRIu64 " leaves is the beginning of the tree of %" PRIu64 "\n", size1, size2);
    return EXIT_DONE;
}

static int cmd_checkpoint(int argc, char **argv)
{
    static const struct option options[] = {{"key", required_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
    struct arena a CLEANUP(arena_deinit);
    struct note_key keys[KEYS_MAX];
    struct checkpoint_seen seen[KEYS_MAX];
    struct checkpoint c;
    struct span note;
    struct err err;
    size_t n = 0;
    arena_init(&a, 0);
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if (o != 'k' || n == KEYS_MAX)
            return used_wrongly("checkpoint takes FILE and --key VKEY, at most 128 times");
        if (note_key_parse(span_str(optarg), &keys[n++], &err) != ST_OK)
            return used_wrongly(err.text);
    }
    if (optind + 1 != argc || n == 0)
        return used_wrongly("checkpoint needs one file and at least one --key");
    if (file_read(argv[optind], FILE_MAX, &a, &note, &err) != ST_OK) {
        (void)fprintf(stderr, "entente-audit: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (checkpoint_verify(note, keys, n, &a, &c, seen, &err) != ST_OK)
        return bad(err.text);
    size_t missing = 0;
    (void)printf("origin %.*s\nsize   %" PRIu64 "\nroot   %s\n", SPAN_FMT(c.origin), c.size, hex_of(&c.root).s);
    for (size_t i = 0; i < n; i++) {
        missing += !seen[i].signed_it;
        (void)printf("%-12s %.*s", seen[i].signed_it ? "signed by" : "NOT signed by", SPAN_FMT(keys[i].name));
        if (seen[i].signed_it && keys[i].type == NOTE_COSIGNATURE)
            (void)printf(" at %s", time_utc(seen[i].time_s * 1000).s);
        (void)printf("\n");
    }
    return missing == 0 ? EXIT_DONE : bad("some of the keys given did not sign");
}

int main(int argc, char **argv)
{
    struct err err;
    if (argc < 2)
        return used_wrongly("what shall it do?");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        (void)fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("entente-audit " ENTENTE_VERSION);
        return EXIT_DONE;
    }
    if (ed25519_init(&err) != ST_OK) {
        (void)fprintf(stderr, "entente-audit: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (strcmp(argv[1], "verify") == 0)
        return cmd_verify(argc - 1, argv + 1);
    if (strcmp(argv[1], "inclusion") == 0)
        return cmd_inclusion(argc - 1, argv + 1);
    if (strcmp(argv[1], "consistency") == 0)
        return cmd_consistency(argc - 1, argv + 1);
    if (strcmp(argv[1], "checkpoint") == 0)
        return cmd_checkpoint(argc - 1, argv + 1);
    return used_wrongly("no such command");
}
