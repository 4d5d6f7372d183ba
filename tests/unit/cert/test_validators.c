/* CRT-2, BLK-6. */
#include "vectors.h"
#include "cert/quorum.h"
#include "cert/validators.h"

/* The table of the design's first promise, and what it rests on: any two quorums share an honest node. */
Test(quorum, promise_table)
{
    static const uint32_t table[][3] = {{1, 0, 1}, {2, 0, 2}, {3, 0, 3},  {4, 1, 3},   {5, 1, 4},
                                        {6, 1, 5}, {7, 2, 5}, {10, 3, 7}, {30, 9, 21}, {64, 21, 43}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        cr_assert_eq(faults_of(table[i][0]), table[i][1], "f of %" PRIu32, table[i][0]);
        cr_assert_eq(quorum_of(table[i][0]), table[i][2], "q of %" PRIu32, table[i][0]);
    }
    for (uint32_t n = 1; n <= LIMIT_VALIDATORS; n++) {
        uint32_t f = faults_of(n), q = quorum_of(n);
        cr_assert_gt(2 * q, n + f, "two quorums of %" PRIu32 " share an honest node", n);
        cr_assert_leq(q, n - f, "the honest alone reach a quorum of %" PRIu32, n);
        cr_assert_leq(3 * f + 1, n);
    }
}

Test(validators, vectors)
{
    json_t *j = vectors_load(), *c;
    size_t i;
    json_array_foreach(json_object_get(j, "sets"), i, c)
    {
        struct arena a;
        struct err e = {.text = ""};
        arena_init(&a, 0);
        struct validator_set set = vectors_set(c, "set", &a), copy;
        struct hash want = vectors_hash(c, "hash"), got;
        validators_hash(&set, &got);
        cr_assert(hash_eq(&got, &want), "%s", vectors_text(c, "why"));
        enum status st = validators_check(&set, &e);
        cr_assert_eq(st, vectors_status(c, "status"), "%s: %s %s", vectors_text(c, "why"), status_name(st),
                     e.text);
        cr_assert(st == ST_OK || strstr(e.text, "validator set: ") == e.text, "%s", e.text);
        cr_assert_eq(validators_copy(&set, &a, &copy), ST_OK);
        cr_assert_neq(copy.members.v[0].org.p, set.members.v[0].org.p);
        validators_hash(&copy, &got);
        cr_assert(hash_eq(&got, &want));
        arena_deinit(&a);
    }
    cr_assert_eq(i, 9);
    json_decref(j);
}

Test(validators, size)
{
    struct validator_set none = {0};
    struct err e;
    cr_assert_eq(validators_check(&none, &e), ST_RANGE);
    cr_assert_str_eq(e.text, "validator set of 0 members, expected 1 to 64");
}

Test(validators, find_and_copy)
{
    json_t *j = vectors_load();
    struct arena a, small;
    arena_init(&a, 0);
    struct validator_set set = vectors_set(j, "voters", &a), copy = {.has = 77};
    static const char *const org[] = {"brand", "copacker", "distributor", "trustee"};
    for (int i = 0; i < 4; i++)
        cr_assert_eq(validators_find(&set, span_str(org[i])), i);
    static const char *const not [] = {"", "a", "brandx", "bran", "d", "z"};
    for (size_t i = 0; i < ARRAY_LEN(not ); i++)
        cr_assert_eq(validators_find(&set, span_str(not [i])), -1, "%s", not [i]);
    arena_init(&small, 100);
    cr_assert_eq(validators_copy(&set, &small, &copy), ST_LIMIT);
    cr_assert_eq(copy.has, 77, "untouched on failure");
    arena_deinit(&small);
    arena_deinit(&a);
    json_decref(j);
}
