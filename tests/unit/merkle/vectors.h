/* vectors: reading proto/vectors/NAME.json in tests. */
#ifndef ENT_TESTS_MERKLE_VECTORS_H
#define ENT_TESTS_MERKLE_VECTORS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include "base/base.h"

static inline json_t *vectors_load(const char *name)
{
    char path[512];
    json_error_t e;
    (void)snprintf(path, sizeof path, "%s/proto/vectors/%s", ENTENTE_SOURCE_DIR, name);
    json_t *j = json_load_file(path, 0, &e);
    cr_assert(j != NULL, "%s:%d: %s", path, e.line, e.text);
    return j;
}

static inline uint64_t vectors_u64(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    cr_assert(json_is_integer(v), "%s is missing", key);
    return (uint64_t)json_integer_value(v);
}

static inline const char *vectors_text(json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    cr_assert(s != NULL, "%s is missing", key);
    return s;
}

static inline struct hash vectors_hash64(const char *base64)
{
    struct hash h;
    struct arena a;
    struct span bytes;
    arena_init(&a, 0);
    cr_assert(base64_decode(span_str(base64), &a, &bytes) == ST_OK && bytes.n == 32, "%s", base64);
    memcpy(h.b, bytes.p, 32);
    arena_deinit(&a);
    return h;
}

static inline struct hash vectors_hash(const char *hex)
{
    struct hash h;
    cr_assert(hex_to_hash(span_str(hex), &h) == ST_OK, "%s", hex);
    return h;
}

#endif
