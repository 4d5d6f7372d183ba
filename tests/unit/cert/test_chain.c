/* BLK-2, 3, 6, 7, 10, CRT-1, CRT-3: a chain in which a member joins, one changes its keys and one leaves. At
 * every height each bad header or certificate is refused by its rule and the chain stays as it was. */
#include "vectors.h"
#include "cert/chain.h"

/* All that a caller can see. */
static bool same(const struct chain *a, const struct chain *b)
{
    return a->height == b->height && a->epoch == b->epoch && a->time_ms == b->time_ms && a->size == b->size &&
           hash_eq(&a->block, &b->block) && hash_eq(&a->root, &b->root) &&
           hash_eq(&a->last_commit, &b->last_commit) && hash_eq(&a->set_hash, &b->set_hash) &&
           a->set.members.n == b->set.members.n && a->set.members.v == b->set.members.v &&
           a->decided_by.members.v == b->decided_by.members.v;
}

static void refuse(struct chain *c, json_t *bad, struct arena *a)
{
    struct err e = {.text = ""};
    struct chain before = *c;
    struct block_record r = {.height = 1234};
    enum status st =
        chain_next(c, vectors_bytes(bad, "header", a), vectors_bytes(bad, "certificate", a), &r, &e);
    cr_assert_neq(st, ST_OK, "height %" PRIu64 ": expected refusal by %s", c->height + 1,
                  vectors_text(bad, "rule"));
    cr_assert(strncmp(e.text, vectors_text(bad, "rule"), strlen(vectors_text(bad, "rule"))) == 0,
              "height %" PRIu64 ": expected refusal by %s: %s", c->height + 1, vectors_text(bad, "rule"),
              e.text);
    cr_assert(same(c, &before), "as before on failure");
    cr_assert_eq(r.height, 1234, "untouched on failure");
}

Test(chain, vectors)
{
    json_t *j = vectors_load(), *v = json_object_get(j, "chain"), *step, *bad;
    struct arena a;
    struct chain c;
    struct err e;
    size_t i, k, refused = 0;
    arena_init(&a, 0);
    struct hash alliance = vectors_hash(j, "alliance"), commit = vectors_hash(v, "commit");
    cr_assert_eq(chain_begin(&c, vectors_bytes(v, "genesis", &a), &alliance, &commit, &e), ST_OK, "%s",
                 e.text);
    cr_assert_eq(c.height, 0);
    cr_assert_eq(c.size, 12);
    cr_assert_eq(c.set.members.n, 3);
    cr_assert_eq(chain_recommit(&c, span_str("x"), &e), ST_MISMATCH);
    json_array_foreach(json_object_get(v, "steps"), i, step)
    {
        struct block_record r;
        struct span certificate = vectors_bytes(step, "certificate", &a), other = {0};
        struct hash block = vectors_hash(step, "block");
        json_array_foreach(json_object_get(step, "reject"), k, bad)
        {
            refuse(&c, bad, &a);
            refused++;
        }
        cr_assert_eq(chain_next(&c, vectors_bytes(step, "header", &a), certificate, &r, &e), ST_OK, "%s",
                     e.text);
        cr_assert_eq(r.height, i + 1);
        cr_assert_eq(c.height, i + 1);
        cr_assert(hash_eq(&c.block, &block));
        cr_assert_eq(c.size, (uint64_t)json_integer_value(json_object_get(step, "size")));
        cr_assert_eq(c.set.members.n, (size_t)json_integer_value(json_object_get(step, "members")));
        if (json_is_null(json_object_get(step, "other_certificate")))
            continue;
        /* The next block fixes another certificate than the one held. */
        struct chain held = c;
        other = vectors_bytes(step, "other_certificate", &a);
        struct span cut = span_of(other.p, other.n - 1);
        cr_assert_eq(chain_recommit(&c, cut, &e), ST_FORMAT, "%s", e.text);
        cr_assert(same(&c, &held));
        cr_assert_eq(chain_recommit(&c, other, &e), ST_OK, "%s", e.text);
        cr_assert(!hash_eq(&c.last_commit, &held.last_commit));
    }
    cr_assert_eq(i, 6);
    cr_assert_geq(refused, 6 * 14 + 2);
    chain_deinit(&c);
    arena_deinit(&a);
    json_decref(j);
}

Test(chain, genesis_refused)
{
    json_t *j = vectors_load(), *v = json_object_get(j, "chain"), *bad;
    struct hash alliance = vectors_hash(j, "alliance"), commit = vectors_hash(v, "commit");
    struct arena a;
    struct chain c = {.height = 1234};
    size_t i;
    arena_init(&a, 0);
    json_array_foreach(json_object_get(v, "reject_genesis"), i, bad)
    {
        struct err e = {.text = ""};
        cr_assert_neq(chain_begin(&c, vectors_bytes(bad, "header", &a), &alliance, &commit, &e), ST_OK,
                      "case %zu", i);
        cr_assert(strstr(e.text, vectors_text(bad, "rule")) != NULL, "case %zu: %s", i, e.text);
        cr_assert_eq(c.height, 1234, "untouched on failure");
    }
    cr_assert_eq(i, 11);
    arena_deinit(&a);
    chain_deinit(NULL);
    json_decref(j);
}
