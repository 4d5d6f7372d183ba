/* Genesis, seats, holders and keys; who may do what at all. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(authority, .timeout = 20);

Test(authority, genesis_state)
{
    struct world w;
    struct validator_set set;
    struct query_seats seats;
    struct gov_clock clock;
    world_found(&w);
    cr_assert_eq(gov_validators(&w.v, &w.a, &set, &w.err), ST_OK);
    cr_assert_eq(set.members.n, 4);
    cr_assert(span_eqs(set.members.v[3].org, "trustee"));
    struct public_key vote = world_key("brand vote"), cosign = world_key("brand cosign");
    cr_assert(hash_eq(&set.members.v[0].vote, &vote.key));
    cr_assert(hash_eq(&set.members.v[0].cosign, &cosign.key));
    cr_assert_eq(query_seats(&w.v, &w.a, &seats, &w.err), ST_OK);
    cr_assert_eq(seats.list.n, 20);
    cr_assert_eq(gov_clock(&w.v, &w.a, &clock, &w.err), ST_OK);
    cr_assert_eq(clock.late_after_ms, 3600000);
    cr_assert(world_is_idle(&w));
    world_free(&w);
}

static void swap_cards(struct span_list *sections, struct span_list *cards)
{
    (void)sections;
    struct span t = cards->v[0];
    cards->v[0] = cards->v[1];
    cards->v[1] = t;
}

static void swap_sections(struct span_list *sections, struct span_list *cards)
{
    (void)cards;
    struct span t = sections->v[0];
    sections->v[0] = sections->v[1];
    sections->v[1] = t;
}

static void lose_card(struct span_list *sections, struct span_list *cards)
{
    (void)sections;
    cards->n--;
}

/* One bit of brand's card, within its certificate: the digest no longer fits. */
static void alter_card(struct span_list *sections, struct span_list *cards)
{
    (void)sections;
    struct span c = cards->v[0];
    for (size_t i = 0; i + 11 <= c.n; i++) {
        if (memcmp(c.p + i, "certificate", 11) == 0) {
            /* The arena's own copy. */
            uint8_t *p = (uint8_t *)(uintptr_t)c.p;
            p[i] ^= 1;
        }
    }
}

Test(authority, GEN_refusals)
{
    static const struct {
        void (*spoil)(struct span_list *, struct span_list *);
        const char *words;
    } cases[] = {
        {swap_cards, "does not ascend (GEN-5)"},
        {swap_sections, "does not ascend (GEN-3)"},
        {lose_card, "3 cards for 4 parties"},
        {alter_card, "card of brand: its digest is"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world w;
        struct arena a;
        arena_init(&a, 0);
        cr_assert_eq(world_try(&w, world_charter(&a), cases[i].spoil), ST_FORMAT);
        cr_assert(strstr(w.err.text, cases[i].words) != NULL, "%s", w.err.text);
        world_free(&w);
        arena_deinit(&a);
    }
}

Test(authority, GOV_3_seat_and_key)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/nobody", "plan", NULL), V_UNKNOWN_SEAT);
    w.key = "maker/finance";
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_NOT_HOLDER);
    EXPECT_VERDICT(&w, world_propose(&w, "nowhere/node", "plan", NULL), V_UNKNOWN_SEAT);
    w.key = "maker/node";
    EXPECT_VERDICT(&w, world_propose(&w, "brand/node", "plan", NULL), V_NOT_HOLDER);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/node", "plan", NULL), V_NOT_PERMITTED);
    struct note n = {.type = NOTE_EVIDENCE};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", 200, &note_desc, &n), V_UNKNOWN_KIND);
    struct ready ready = {.height = 1};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_READY, &ready_desc, &ready), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "brand/node");
    struct support support = {.rules = 2};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_SUPPORT, &support_desc, &support),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_BALLOT, &note_desc, &n), V_MALFORMED);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_NOTE, &note_desc, &n), V_INCOMPLETE);
    world_free(&w);
}

Test(authority, GOV_5_registrar_sets_holders)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/sponsor", "brand/finance", "k", NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "brand/finance", "k", NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/registrar", "k", NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/mediator", "k", NULL), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "k", "k"), V_MALFORMED);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "maker/finance", NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "brand/node", NULL),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "k2", "k1"), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_NOT_HOLDER); /* replaced */
    w.key = "k1";
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    /* Rule 1: the seat changed after this basis. */
    w.basis = 10;
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "k3", NULL), V_CHANGED_SINCE);
    world_free(&w);
}

Test(authority, GOV_6_revocation_is_immediate)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/quality", "brand/finance", "q"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "maker/registrar", "brand/finance"), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "unheard of"), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand/finance"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand/finance"), V_REVOKED_KEY);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_REVOKED_KEY);
    w.key = "brand/finance";
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "plan", NULL), V_REVOKED_KEY); /* everywhere */
    w.key = "q";
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "plan", NULL), V_OK);
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "brand/finance", NULL),
                   V_REVOKED_KEY);
    world_free(&w);
}

Test(authority, GOV_6_registrar_keys)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand/registrar 2"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "by itself alone");
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand/registrar"), V_OK); /* itself */
    w.key = "brand/registrar 2";
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand/registrar 2"),
                   V_NOT_PERMITTED); /* the last */
    EXPECT_WHY(&w, "last key");
    world_free(&w);
}

/* GOV-23 */
Test(authority, notes)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    EXPECT_VERDICT(&w, world_note(&w, "trustee/mediator", 0), V_OK);
    EXPECT_VERDICT(&w, world_note(&w, "trustee/mediator", 1), V_OK);
    EXPECT_VERDICT(&w, world_note(&w, "trustee/mediator", 7), V_NO_SUCH_OBJECT);
    struct note link = {.type = NOTE_LINK, .decision = {.number = 1, .digest = world_decision(&w, 1).digest}};
    SET_HAS(&link, note_key_decision);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_NOTE, &note_desc, &link), V_INCOMPLETE);
    SET_HAS(&link, note_key_target);
    link.target = link.decision;
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_NOTE, &note_desc, &link), V_OK);
    link.target.digest.b[5] ^= 1;
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_NOTE, &note_desc, &link), V_WRONG_REVISION);
    /* An older revision may be commented on still. */
    link.target = link.decision;
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 1, NULL), V_OK);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_NOTE, &note_desc, &link), V_OK);
    struct query_decision q;
    cr_assert_eq(query_decision(&w.v, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.notes.n, 3);
    world_free(&w);
}

Test(authority, verdicts_have_texts)
{
    cr_assert_str_eq(verdict_name(V_CHANGED_SINCE), "CHANGED_SINCE");
    cr_assert_eq(verdict_exit_code(V_CHANGED_SINCE), 5);
    cr_assert_eq(verdict_exit_code(V_NOT_PERMITTED), 3);
    cr_assert_str_eq(verdict_text(V_OK), "accepted");
}
