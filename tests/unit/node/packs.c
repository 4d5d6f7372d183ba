#include <criterion/criterion.h>
#include <stdio.h>
#include "packs.h"
#include "pack/pack.h"
#include "recovery/rebuild.h"
#include "replica/replica.h"
#include "store/store_mem.h"

const char *const packs[PACKS_N] = {"decisions", "items", "readings", "sharing"};

static void nothing(void *ctx, const char *where)
{
    (void)ctx, (void)where;
}

static FILE *open_pack(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/verifier/packs/%s.pack", ENTENTE_SOURCE_DIR, name);
    FILE *f = fopen(path, "rbe");
    cr_assert_not_null(f, "%s", path);
    return f;
}

static void found(struct store *to, const char *name)
{
    struct pack_reader in;
    struct arena a CLEANUP(arena_deinit);
    struct err err = {0};
    struct pack_head head;
    struct genesis_info g;
    uint32_t kind;
    struct span body;
    FILE *f = open_pack(name);
    arena_init(&a, 0);
    pack_reader_init(&in, f);
    cr_assert_eq(pack_read_magic(&in, PACK_MAGIC, &err), ST_OK);
    cr_assert_eq(pack_read(&in, &kind, &body, &err), ST_OK);
    cr_assert_eq(codec_decode(&pack_head_desc, body, &a, &head, &err), ST_OK);
    cr_assert_eq(genesis_read(head.genesis, true, &a, &g, &err), ST_OK, "%s", err.text);
    cr_assert_eq(replica_found(to, &g, &err), ST_OK, "%s", err.text);
    pack_reader_deinit(&in);
    (void)fclose(f);
}

struct store *packs_record(const char *name)
{
    struct store *s = store_mem_new();
    struct rebuild_result r = {.founded = false};
    struct err err = {0};
    FILE *f = open_pack(name);
    found(s, name);
    cr_assert_eq(rebuild_from_pack(f, s, nothing, NULL, &r, &err), ST_OK, "%s", err.text);
    cr_assert_str_eq(r.stopped, "");
    cr_assert_gt(r.height, 5);
    (void)fclose(f);
    return s;
}
