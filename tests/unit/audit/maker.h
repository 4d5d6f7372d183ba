/* maker: makes a pack of the fixture's alliance in memory, block by block, as a quorum of its nodes would have. */
#ifndef ENT_TESTS_AUDIT_MAKER_H
#define ENT_TESTS_AUDIT_MAKER_H

#include "audit/verify.h"
#include "fixture/alliance.h"

enum { MAKER_FRAMES_MAX = 256, MAKER_ENTRIES_MAX = 8 };

struct maker {
    struct fixture *f;
    struct arena a;
    struct store *store;
    struct view v;
    struct ids *ids;
    struct tip tip;
    struct hash last; /* SHA-256 of the newest certificate */
    uint64_t blocks;
    FILE *out;
    char *p; /* the pack, after maker_end */
    size_t n;
    size_t frames[MAKER_FRAMES_MAX], n_frames; /* offsets; after maker_end the end of the file is the last */
};

/* One entry: who signs it (f->orgs, their seats), and what. */
struct maker_entry {
    size_t org, seat;
    enum kind kind;
    const void *body;
    struct prose prose[2]; /* the body holds their digests */
    size_t n_prose;
    bool withheld; /* its texts are not in the pack */
};

/* A fixture that was founded; its block 0 is the first. */
void maker_begin(struct maker *m, struct fixture *f);
/* The next block at this time, with these entries on the basis of all before. The test fails when one is not accepted. Returns
 * the leaf of the first entry. n 0: deadlines alone. */
uint64_t maker_block(struct maker *m, uint64_t at_ms, const struct maker_entry *entries, size_t n);
/* With a checkpoint that three nodes cosigned. */
void maker_end(struct maker *m);
void maker_free(struct maker *m);
/* Verifies n bytes. */
enum status maker_verify(const void *p, size_t n, const struct verify_watch *watch, struct arena *a, struct verify_report *r,
                         struct verify_failure *fail, struct err *err);

#endif
