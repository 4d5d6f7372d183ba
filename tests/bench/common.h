/* common: what the programs of the bench share. They are tools: they print what is wrong and exit. */
#ifndef ENT_TESTS_BENCH_COMMON_H
#define ENT_TESTS_BENCH_COMMON_H

#include "codec/codec.h"
#include "crypto/ed25519.h"

enum { BENCH_SEATS_MAX = 64, BENCH_NODES_MAX = 64 };

struct bench_seat {
    char name[80]; /* org/seat */
    struct ed25519_key *key;
};

struct bench_options {
    const char *nodes[BENCH_NODES_MAX];
    size_t n_nodes;
    struct bench_seat seats[BENCH_SEATS_MAX];
    size_t n_seats;
    uint64_t count, in_flight, per_block, years_ms, seed;
    const char *mode;
};

/* --node DIR, --seat ORG/SEAT=KEYFILE (both repeated), --count N, --in-flight N, --per-block N, --span-ms N, --seed N,
 * --mode M. */
void bench_options(int argc, char **argv, struct bench_options *ret);
__attribute__((noreturn, format(printf, 1, 2))) void bench_die(const char *fmt, ...);
#define BENCH_MUST(expr, err)                                                                                \
    do {                                                                                                     \
        enum status must_st_ = (expr);                                                                       \
        if (must_st_ != ST_OK)                                                                               \
            bench_die("%s: %s", #expr, (err).text);                                                          \
    } while (0)

struct bench_entry {
    const struct hash *alliance;
    enum kind kind;
    const void *body;
    const struct bench_seat *seat;
    struct basis basis;
    uint64_t at_ms, expires_ms;
};
/* Entry and signature, each as its bytes in the arena; ret_id is the entry's id. */
void bench_sign(const struct bench_entry *e, struct arena *a, struct span *ret_entry, struct span *ret_signature,
                struct hash *ret_id);
/* A note with a detached text; the text is unique by n. */
void bench_note(const struct bench_entry *base, uint64_t n, struct arena *a, struct span *ret_entry, struct span *ret_signature,
                struct prose *ret_prose, struct hash *ret_id);

uint64_t bench_us(void); /* monotonic */
/* Sorts v; the value that p per cent lie at or below. */
uint64_t bench_percentile(uint64_t *v, size_t n, unsigned p);

#endif
