/* vectors: reading proto/vectors/cert.json in tests. */
#ifndef ENT_TESTS_CERT_VECTORS_H
#define ENT_TESTS_CERT_VECTORS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include "codec/codec.h"

static inline json_t *vectors_load(void)
{
    json_error_t e;
    json_t *j = json_load_file(ENTENTE_SOURCE_DIR "/proto/vectors/cert.json", 0, &e);
    cr_assert(j != NULL, "cert.json:%d: %s", e.line, e.text);
    return j;
}

static inline const char *vectors_text(json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    cr_assert(s != NULL, "%s is missing", key);
    return s;
}

static inline struct span vectors_bytes(json_t *o, const char *key, struct arena *a)
{
    struct span s;
    cr_assert_eq(hex_decode(span_str(vectors_text(o, key)), a, &s), ST_OK);
    return s;
}

static inline struct hash vectors_hash(json_t *o, const char *key)
{
    struct hash h;
    cr_assert_eq(hex_to_hash(span_str(vectors_text(o, key)), &h), ST_OK);
    return h;
}

static inline struct validator_set vectors_set(json_t *o, const char *key, struct arena *a)
{
    struct validator_set set;
    struct err e;
    cr_assert_eq(codec_decode(&validator_set_desc, vectors_bytes(o, key, a), a, &set, &e), ST_OK, "%s",
                 e.text);
    return set;
}

/* ST_OK when the key is null or missing. */
static inline enum status vectors_status(json_t *o, const char *key)
{
    static const enum status all[] = {ST_BADSIG, ST_NOTFOUND, ST_FORMAT, ST_BADKEY, ST_MISMATCH, ST_RANGE};
    json_t *v = json_object_get(o, key);
    if (v == NULL || json_is_null(v))
        return ST_OK;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (strcmp(status_name(all[i]), json_string_value(v)) == 0)
            return all[i];
    cr_assert(false, "status %s", json_string_value(v));
    return ST_OK;
}

#endif
