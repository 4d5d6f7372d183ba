#include <criterion/criterion.h>
#include <jansson.h>
#include "codec/codec.h"

static struct buf out;

static void setup(void)
{
    buf_init(&out, 1 << 16);
}

static void teardown(void)
{
    buf_deinit(&out);
}

TestSuite(json, .init = setup, .fini = teardown);

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

Test(json, values_of_each_kind)
{
    struct key k = {.key = {.alg = SIG_ED25519}, .compromised_since_ms = 1763889306123};
    SET_HAS(&k, key_key_compromised_since_ms);
    cr_assert_eq(codec_json(&key_desc, &k, NULL, NULL, &out), ST_OK);
    cr_assert_str_eq(buf_cstr(&out), "{\"key\":{\"alg\":\"ssh-ed25519\",\"key\":\"" ZEROS
                                     "\"},\"compromised_since_ms\":\"2025-11-23T09:15:06.123Z\"}");
}

Test(json, decimals_are_exact)
{
    static const struct {
        struct decimal d;
        const char *text;
    } known[] = {
        {{0, 0}, "0"},
        {{-125, 1}, "-12.5"},
        {{3, 3}, "0.003"},
        {{-3, 9}, "-0.000000003"},
        {{120, 0}, "120"},
        {{INT64_MIN, 0}, "-9223372036854775808"},
        {{INT64_MAX, 9}, "9223372036.854775807"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct charter_term_of t = {.type = COND_SCORE, .number = known[i].d};
        char expect[128];
        SET_HAS(&t, charter_term_of_key_number);
        buf_reset(&out);
        cr_assert_eq(codec_json(&charter_term_of_desc, &t, NULL, NULL, &out), ST_OK);
        (void)snprintf(expect, sizeof expect, "{\"type\":\"score\",\"number\":\"%s\"}", known[i].text);
        cr_assert_str_eq(buf_cstr(&out), expect);
    }
}

Test(json, lists)
{
    struct commit_sig sigs[2] = {{.org = span_str("a")}, {.org = span_str("b")}};
    struct certificate c = {.height = 7, .round = 1, .sigs = {2, sigs}};
    cr_assert_eq(codec_json(&certificate_desc, &c, NULL, NULL, &out), ST_OK);
    cr_assert_str_eq(buf_cstr(&out), "{\"epoch\":0,\"height\":7,\"round\":1,\"value\":\"" ZEROS
                                     "\",\"sigs\":[{\"org\":\"a\",\"sig\":\"" ZEROS ZEROS
                                     "\"},{\"org\":\"b\",\"sig\":\"" ZEROS ZEROS "\"}]}");
    struct holder h = {.seat = span_str("a/b")};
    buf_reset(&out);
    cr_assert_eq(codec_json(&holder_desc, &h, NULL, NULL, &out), ST_OK);
    cr_assert_str_eq(buf_cstr(&out), "{\"seat\":\"a/b\",\"keys\":[]}");
    uint64_t versions[] = {1, 300};
    struct hello_message hi = {.versions = {2, versions}, .from = span_str("a"), .to = span_str("b")};
    buf_reset(&out);
    cr_assert_eq(codec_json(&hello_message_desc, &hi, NULL, NULL, &out), ST_OK);
    cr_assert_not_null(strstr(buf_cstr(&out), "\"versions\":[1,300],"));
}

/* Another reader of JSON gets the text back. */
Test(json, text_is_escaped)
{
    static const char text[] = "say \"a\\b\"\n\tGr\xc3\xbc\xc3\x9f"
                               "e [{,:\xf0\x9f\x98\x80";
    struct prose p = {.text = span_str(text)};
    cr_assert_eq(codec_json(&prose_desc, &p, NULL, NULL, &out), ST_OK);
    json_t *read = json_loadb((const char *)out.p, out.n, 0, NULL);
    cr_assert_not_null(read);
    cr_assert_str_eq(json_string_value(json_object_get(read, "text")), text);
    json_decref(read);
}

static const struct record_desc *by_kind(void *ctx, const struct record_desc *parent, const void *rec,
                                         const struct field_desc *field)
{
    size_t *calls = ctx;
    ++*calls;
    if (parent == &entry_desc && strcmp(field->name, "body") == 0)
        return kind_desc((uint32_t)((const struct entry *)rec)->kind);
    return NULL;
}

static struct span ballot_bytes(struct buf *b)
{
    struct ballot v = {.decision = {.number = 12}, .choice = CHOICE_APPROVE};
    cr_assert_eq(codec_encode(&ballot_desc, &v, b), ST_OK);
    return buf_span(b);
}

Test(json, raw_by_its_descriptor)
{
    struct buf body;
    size_t calls = 0;
    buf_init(&body, 4096);
    struct entry e = {.leaf = LEAF_ENTRY,
                      .version = 1,
                      .kind = KIND_BALLOT,
                      .seat = span_str("a/b"),
                      .body = ballot_bytes(&body),
                      .basis = {.size = 1}};
    cr_assert_eq(codec_json(&entry_desc, &e, by_kind, &calls, &out), ST_OK);
    cr_assert_eq(calls, 1);
    cr_assert_not_null(strstr(buf_cstr(&out),
                              "\"kind\":18,\"body\":{\"decision\":{\"number\":12,\"digest\":\"" ZEROS
                              "\"},\"rung\":0,\"choice\":\"approve\"},\"seat\":\"a/b\","),
                       "%s", buf_cstr(&out));
    /* A body that is not what its kind says, and one of no known kind, are shown as they are. */
    e.body = span_of("\x81\x01\x02", 3);
    for (uint64_t kind = KIND_BALLOT; kind <= 255; kind += 255 - KIND_BALLOT) {
        e.kind = kind;
        buf_reset(&out);
        cr_assert_eq(codec_json(&entry_desc, &e, by_kind, &calls, &out), ST_OK);
        cr_assert_not_null(strstr(buf_cstr(&out), "\"body\":{\"hex\":\"810102\"},\"seat\""), "%s",
                           buf_cstr(&out));
    }
    buf_reset(&out);
    cr_assert_eq(codec_json(&entry_desc, &e, NULL, NULL, &out), ST_OK);
    cr_assert_not_null(strstr(buf_cstr(&out), "\"body\":{\"hex\":\"810102\"}"));
    buf_deinit(&body);
}

Test(json, appends_and_keeps_the_limit)
{
    struct money m = {.minor = -5, .currency = span_str("EUR")};
    buf_put(&out, "x", 1);
    cr_assert_eq(codec_json(&money_desc, &m, NULL, NULL, &out), ST_OK);
    cr_assert_str_eq(buf_cstr(&out), "x{\"minor\":-5,\"currency\":\"EUR\"}");
    struct buf small;
    buf_init(&small, 10);
    cr_assert_eq(codec_json(&money_desc, &m, NULL, NULL, &small), ST_LIMIT);
    buf_deinit(&small);
}
