#include <stdarg.h>
#include <time.h>
#include "bench/common.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/sshsig.h"

void bench_die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)fputs("bench: ", stderr);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputs("\n", stderr);
    va_end(ap);
    exit(1);
}

static void add_seat(struct bench_options *o, const char *text)
{
    struct err err;
    const char *eq = strchr(text, '=');
    if (eq == NULL || (size_t)(eq - text) >= sizeof o->seats[0].name || o->n_seats == BENCH_SEATS_MAX)
        bench_die("--seat %s: expected ORG/SEAT=KEYFILE, at most %d of them", text, BENCH_SEATS_MAX);
    struct bench_seat *s = &o->seats[o->n_seats++];
    memcpy(s->name, text, (size_t)(eq - text));
    BENCH_MUST(keyfile_open(eq + 1, (struct span){NULL, 0}, &s->key, &err), err);
}

void bench_options(int argc, char **argv, struct bench_options *ret)
{
    struct bench_options o = {.count = 1000, .in_flight = 1024, .per_block = 1000, .seed = 1, .mode = "notes"};
    struct err err;
    if (ed25519_init(&err) != ST_OK)
        bench_die("%s", err.text);
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *v = argv[i + 1];
        struct span name = span_str(argv[i]);
        if (span_eqs(name, "--node") && o.n_nodes < BENCH_NODES_MAX)
            o.nodes[o.n_nodes++] = v;
        else if (span_eqs(name, "--seat"))
            add_seat(&o, v);
        else if (span_eqs(name, "--count"))
            o.count = strtoull(v, NULL, 10);
        else if (span_eqs(name, "--in-flight"))
            o.in_flight = strtoull(v, NULL, 10);
        else if (span_eqs(name, "--per-block"))
            o.per_block = strtoull(v, NULL, 10);
        else if (span_eqs(name, "--span-ms"))
            o.years_ms = strtoull(v, NULL, 10);
        else if (span_eqs(name, "--seed"))
            o.seed = strtoull(v, NULL, 10);
        else if (span_eqs(name, "--mode"))
            o.mode = v;
        else
            bench_die("no such option: %s", argv[i]);
    }
    *ret = o;
}

static struct span encode(const struct record_desc *d, const void *rec, struct arena *a)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (codec_encode(d, rec, &b) != ST_OK)
        bench_die("%s cannot be encoded", d->name);
    return arena_dup(a, buf_span(&b));
}

void bench_sign(const struct bench_entry *e, struct arena *a, struct span *ret_entry, struct span *ret_signature, struct hash *ret_id)
{
    struct signature s;
    struct entry en = {.leaf = LEAF_ENTRY,
                       .version = 1,
                       .alliance = *e->alliance,
                       .kind = e->kind,
                       .body = encode(kind_desc(e->kind), e->body, a),
                       .seat = span_str(e->seat->name),
                       .at_ms = e->at_ms,
                       .basis = e->basis,
                       .expires_ms = e->expires_ms};
    *ret_entry = encode(&entry_desc, &en, a);
    sha256(*ret_entry, ret_id);
    sshsig_sign_record(e->seat->key, SSHSIG_ENTRY, *ret_entry, &s);
    *ret_signature = encode(&signature_desc, &s, a);
}

void bench_note(const struct bench_entry *base, uint64_t n, struct arena *a, struct span *ret_entry, struct span *ret_signature,
                struct prose *ret_prose, struct hash *ret_id)
{
    char text[128];
    struct note body = {.type = NOTE_COMMENT};
    struct bench_entry e = *base;
    (void)snprintf(text, sizeof text, "Delivery %" PRIu64 ": as planned; the minutes of the weekly call have the figures.", n);
    ret_prose->has = 0;
    ret_prose->text = arena_dup(a, span_str(text));
    sha256(ret_prose->text, &ret_prose->salt);
    sha256_2(span_hash(&ret_prose->salt), ret_prose->text, &body.text);
    SET_HAS(&body, note_key_text);
    e.kind = KIND_NOTE;
    e.body = &body;
    bench_sign(&e, a, ret_entry, ret_signature, ret_id);
}

uint64_t bench_us(void)
{
    struct timespec t;
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

uint64_t bench_percentile(uint64_t *v, size_t n, unsigned p)
{
    if (n == 0)
        return 0;
    qsort(v, n, sizeof *v, compare);
    size_t i = (n * p + 99) / 100;
    return v[i == 0 ? 0 : i - 1];
}
