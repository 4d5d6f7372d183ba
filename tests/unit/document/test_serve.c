/* Goal: what one peer asks for fills neither its link nor the others' time (DOC-8). */
#include <criterion/criterion.h>
#include "document/serve.h"

static const struct hash digest = {{7}};

Test(serve, doc8_eight_questions_wait_and_the_same_one_is_one)
{
    struct serve *s = calloc(1, sizeof *s);
    struct serve_ask q;
    struct span org;
    serve_init(s);
    for (uint64_t i = 0; i < LIMIT_DOCUMENT_ASKS; i++) {
        cr_assert(serve_ask(s, span_str("brand"), &digest, i, 0));
        cr_assert(serve_ask(s, span_str("brand"), &digest, i, 0));
    }
    cr_assert_not(serve_ask(s, span_str("brand"), &digest, 99, 0));
    cr_assert(serve_ask(s, span_str("clinics"), &digest, 99, 0), "one peer keeps another out");
    for (uint64_t i = 0; i < LIMIT_DOCUMENT_ASKS; i++) {
        cr_assert(serve_next(s, 0, &org, &q));
        if (span_eqs(org, "clinics")) { /* in turn */
            cr_assert_eq(i, 1);
            cr_assert(serve_next(s, 0, &org, &q));
        }
        cr_assert(span_eqs(org, "brand") && q.offset == i && hash_eq(&q.digest, &digest));
    }
    cr_assert_not(serve_next(s, 0, &org, &q));
    cr_assert_eq(serve_due(s, 0), UINT64_MAX);
    free(s);
}

Test(serve, doc8_four_megabytes_a_second_to_each)
{
    struct serve *s = calloc(1, sizeof *s);
    struct serve_ask q;
    struct span org;
    size_t bytes = 0, others = 0;
    serve_init(s);
    for (uint64_t now = 0; now < 10000; now++) { /* it asks as fast as it is answered */
        (void)serve_ask(s, span_str("greedy"), &digest, now, now);
        if (now % 1000 == 0)
            cr_assert(serve_ask(s, span_str("modest"), &digest, now, now));
        while (serve_next(s, now, &org, &q)) {
            serve_done(s, org, LIMIT_DOCUMENT_CHUNK_BYTES);
            if (span_eqs(org, "greedy"))
                bytes += LIMIT_DOCUMENT_CHUNK_BYTES;
            else
                others += q.offset == now; /* at once */
        }
        uint64_t due = serve_due(s, now);
        cr_assert(due == UINT64_MAX || (due > now && due <= now + 1000), "due %" PRIu64 " at %" PRIu64, due, now);
    }
    cr_assert_leq(bytes, 10 * LIMIT_DOCUMENT_REPLY_BYTES + 9 * LIMIT_DOCUMENT_CHUNK_BYTES);
    cr_assert_geq(bytes, 9 * LIMIT_DOCUMENT_REPLY_BYTES, "slower than it may be: %zu", bytes);
    cr_assert_eq(others, 10);
    cr_assert_eq(serve_count(s, span_str("modest")), 10);
    free(s);
}

Test(serve, doc8_who_is_gone_is_forgotten)
{
    struct serve *s = calloc(1, sizeof *s);
    struct serve_ask q;
    struct span org;
    serve_init(s);
    cr_assert(serve_ask(s, span_str("brand"), &digest, 0, 0));
    serve_gone(s, span_str("brand"));
    cr_assert_not(serve_next(s, 0, &org, &q));
    free(s);
}
