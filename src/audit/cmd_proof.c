/* inclusion, consistency, checkpoint: proofs by themselves, without a pack. */
#include "audit/cmd.h"
#include "merkle/checkpoint.h"
#include "merkle/rfc6962.h"

enum { FILE_MAX = 1 << 20, KEYS_MAX = 128 };

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

static int inclusion(const struct cmd_args *args)
{
    struct arena a CLEANUP(arena_deinit);
    struct hash leaf, root, proof[RFC6962_PROOF_MAX];
    uint64_t index, size;
    size_t n;
    struct err err;
    arena_init(&a, 1 << 20);
    if (!hash_of_b64(cmd_value(args, "leaf-hash"), &a, &leaf) ||
        !cmd_number(cmd_value(args, "index"), &index) || !cmd_number(cmd_value(args, "size"), &size) ||
        !hash_of_b64(cmd_value(args, "root"), &a, &root) ||
        !proof_of(cmd_value(args, "proof"), &a, proof, &n))
        return cmd_usage(args->cmd, "inclusion needs --leaf-hash, --index, --size, --root and --proof; "
                                    "hashes are base64 of 32 bytes");
    if (rfc6962_verify_inclusion(&leaf, index, size, proof, n, &root, &err) != ST_OK)
        return cmd_bad(err.text);
    (void)printf("VERIFIED: leaf %" PRIu64 " is in the tree of %" PRIu64 " leaves\n", index, size);
    return EXIT_DONE;
}

static int consistency(const struct cmd_args *args)
{
    struct arena a CLEANUP(arena_deinit);
    struct hash root1, root2, proof[RFC6962_PROOF_MAX];
    uint64_t size1, size2;
    size_t n;
    struct err err;
    arena_init(&a, 1 << 20);
    if (!cmd_number(cmd_value(args, "size1"), &size1) || !cmd_number(cmd_value(args, "size2"), &size2) ||
        !hash_of_b64(cmd_value(args, "root1"), &a, &root1) ||
        !hash_of_b64(cmd_value(args, "root2"), &a, &root2) ||
        !proof_of(cmd_value(args, "proof"), &a, proof, &n))
        return cmd_usage(args->cmd, "consistency needs --size1, --root1, --size2, --root2 and --proof; "
                                    "hashes are base64 of 32 bytes");
    if (rfc6962_verify_consistency(size1, &root1, size2, &root2, proof, n, &err) != ST_OK)
        return cmd_bad(err.text);
    (void)printf("VERIFIED: the tree of %" PRIu64 " leaves is the beginning of the tree of %" PRIu64 "\n",
                 size1, size2);
    return EXIT_DONE;
}

static int checkpoint(const struct cmd_args *args)
{
    struct arena a CLEANUP(arena_deinit);
    struct note_key keys[KEYS_MAX];
    struct checkpoint_seen seen[KEYS_MAX];
    struct checkpoint c;
    struct span note;
    struct err err;
    size_t n = 0;
    arena_init(&a, 0);
    for (size_t i = 0; i < args->n_given; i++) {
        if (n == KEYS_MAX)
            return cmd_usage(args->cmd, "checkpoint takes --key VKEY at most %d times", KEYS_MAX);
        if (note_key_parse(span_str(args->given[i].value), &keys[n++], &err) != ST_OK)
            return cmd_usage(args->cmd, "%s", err.text);
    }
    if (n == 0)
        return cmd_usage(args->cmd, "checkpoint needs at least one --key");
    if (file_read(args->words[0], FILE_MAX, &a, &note, &err) != ST_OK) {
        (void)fprintf(stderr, "entente-audit: %s\n", err.text);
        return EXIT_FAILED;
    }
    cmd_confine();
    if (checkpoint_verify(note, keys, n, &a, &c, seen, &err) != ST_OK)
        return cmd_bad(err.text);
    size_t missing = 0;
    (void)printf("origin %.*s\nsize   %" PRIu64 "\nroot   %s\n", SPAN_FMT(c.origin), c.size,
                 hex_of(&c.root).s);
    for (size_t i = 0; i < n; i++) {
        missing += !seen[i].signed_it;
        (void)printf("%-12s %.*s", seen[i].signed_it ? "signed by" : "NOT signed by", SPAN_FMT(keys[i].name));
        if (seen[i].signed_it && keys[i].type == NOTE_COSIGNATURE)
            (void)printf(" at %s", time_utc(seen[i].time_s * 1000).s);
        (void)printf("\n");
    }
    return missing == 0 ? EXIT_DONE : cmd_bad("some of the keys given did not sign");
}

#define HASH_HELP "base64 of 32 bytes"
static const struct cmd_option inclusion_options[] = {
    {"leaf-hash", "B64", HASH_HELP},
    {"index", "N", "position of the leaf, from 0"},
    {"size", "N", "leaves in the tree"},
    {"root", "B64", HASH_HELP},
    {"proof", "B64,...", "hashes from the leaf up; empty for the empty proof"}};
const struct cmd cmd_inclusion = {
    "inclusion", "", "is a leaf in a tree?", inclusion_options, ARRAY_LEN(inclusion_options), inclusion};

static const struct cmd_option consistency_options[] = {{"size1", "N", "leaves in the smaller tree"},
                                                        {"root1", "B64", HASH_HELP},
                                                        {"size2", "N", "leaves in the larger tree"},
                                                        {"root2", "B64", HASH_HELP},
                                                        {"proof", "B64,...", "empty for the empty proof"}};
const struct cmd cmd_consistency = {"consistency",
                                    "",
                                    "is one tree the beginning of another?",
                                    consistency_options,
                                    ARRAY_LEN(consistency_options),
                                    consistency};

static const struct cmd_option checkpoint_options[] = {
    {"key", "VKEY", "a key that must have signed it; again for each"}};
const struct cmd cmd_checkpoint = {
    "checkpoint", "FILE", "who signed a checkpoint?", checkpoint_options, ARRAY_LEN(checkpoint_options),
    checkpoint};
