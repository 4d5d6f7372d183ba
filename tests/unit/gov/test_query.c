/* What can be asked, and what one is told. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(query, .timeout = 20);

static bool says(struct span words, const char *text)
{
    return memmem(words.p, words.n, text, strlen(text)) != NULL;
}

Test(query, readiness_names_who_is_missing)
{
    struct world w;
    struct query_readiness q;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", NULL, NULL), V_OK);
    cr_assert_eq(query_readiness(&w.v, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.partners.n, 3);
    cr_assert_eq(q.partners.v[0].position, POSITION_APPROVES);
    cr_assert_eq(q.missing.n, 2);
    cr_assert(says(q.missing.v[0], "distributor/finance"));
    cr_assert(says(q.missing.v[1], "empty"));
    cr_assert(says(q.silence, "steering"));
    cr_assert(!q.ready);
    EXPECT_TIME(time_utc(q.deadline_ms), "2026-03-05T00:00:00.000Z");
    cr_assert_eq(q.veto.n, 1);
    cr_assert(!HAS(&q, query_readiness_key_veto_until_ms));
    uint64_t effective;
    cr_assert_eq(query_effective(&w.v, 1, w.g.time_ms, &w.a, &effective, &w.err), ST_OK);
    EXPECT_TIME(time_utc(effective), "2026-03-05T00:00:00.000Z"); /* 2 bd of notice from now */
    cr_assert_eq(query_readiness(&w.v, 2, &w.a, &q, &w.err), ST_NOTFOUND);
    cr_assert(strstr(w.err.text, "D-2") != NULL);
    world_free(&w);
}

Test(query, inbox_lists_what_is_owed)
{
    struct world w;
    struct query_inbox in;
    struct span one[] = {span_str("maker/quality")};
    struct span_list only = {1, one};
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", NULL), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.n, 2);
    cr_assert_eq(in.list.v[0].decision, 2); /* soonest first */
    cr_assert_eq(in.list.v[0].seats.n, 3);
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), &only, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.n, 1);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 2, CHOICE_APPROVE), V_OK);
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), &only, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.n, 0); /* its partner approves already */
    cr_assert_eq(query_inbox(&w.v, span_str("trustee"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.n, 0);
    AT(&w, "2026-03-05T00:00:00Z"); /* D-2 climbs */
    AT(&w, "2026-03-13T00:00:00Z"); /* and ends */
    AT(&w, "2026-03-24T00:00:00Z");
    AT(&w, "2026-04-08T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_MEDIATION);
    cr_assert_eq(query_inbox(&w.v, span_str("trustee"), NULL, &w.a, &in, &w.err), ST_OK);
    cr_assert_eq(in.list.n, 1);
    cr_assert_eq(in.list.v[0].task, TASK_MEDIATE);
    cr_assert(span_eqs(in.list.v[0].seats.v[0], "trustee/mediator"));
    world_free(&w);
}

Test(query, decisions_by_range)
{
    struct world w;
    struct query_decisions q;
    world_found(&w);
    for (int i = 0; i < 5; i++)
        EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    cr_assert_eq(query_decisions(&w.v, 2, 3, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 3);
    cr_assert_eq(q.list.v[0].number, 2);
    cr_assert(q.more);
    cr_assert_eq(query_decisions(&w.v, 4, 3, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 2);
    cr_assert(!q.more);
    cr_assert_eq(query_decisions(&w.v, 6, 3, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 0);
    world_free(&w);
}

/* Every answer can be encoded: it keeps the bounds of query.def. */
Test(query, answers_encode)
{
    struct world w;
    struct query_decision d;
    struct query_parties parties;
    struct query_section s;
    struct buf b;
    buf_init(&b, 1 << 20);
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/business-lead", 1, CHOICE_REJECT), V_OK);
    AT(&w, "2026-03-24T00:00:00Z");
    cr_assert_eq(query_decision(&w.v, 1, &w.a, &d, &w.err), ST_OK);
    cr_assert_eq(codec_encode(&query_decision_desc, &d, &b), ST_OK);
    struct query_decision back;
    cr_assert_eq(codec_decode(&query_decision_desc, buf_span(&b), &w.a, &back, &w.err), ST_OK, "%s",
                 w.err.text);
    cr_assert_eq(back.events.n, 3);
    cr_assert_eq(back.readiness.rung, 1);
    buf_reset(&b);
    cr_assert_eq(query_parties(&w.v, &w.a, &parties, &w.err), ST_OK);
    cr_assert_eq(parties.list.n, 4);
    cr_assert(span_eqs(parties.list.v[0].display, "Brand"));
    cr_assert_eq(codec_encode(&query_parties_desc, &parties, &b), ST_OK);
    cr_assert_eq(query_section(&w.v, SECTION_GLOSSARY, &w.a, &s, &w.err), ST_OK);
    cr_assert_eq(s.section.version, 1);
    cr_assert_eq(query_section(&w.v, SECTION_SHARING, &w.a, &s, &w.err), ST_NOTFOUND);
    buf_deinit(&b);
    world_free(&w);
}
