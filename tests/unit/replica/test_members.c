/* Goal: who takes part is what the record says: of those who left nobody gets more than their copy (NET-8), a node whose key is
 * not in force follows and says why (REP-4), and one that lacks the rules stops before them (REP-6). */
#include <criterion/criterion.h>
#include "crypto/hash.h"
#include "unit/replica/rig.h"

static const char *no_vote(struct rig *r)
{
    const char *why = replica_no_vote(r->replica);
    return why == NULL ? "it votes" : why;
}

static int32_t self(struct rig *r)
{
    struct replica_status s;
    replica_status(r->replica, &s);
    return s.consensus.self;
}

static void set_standing(struct rig *r, size_t org, enum standing standing, uint64_t leaf)
{
    struct arena a;
    arena_init(&a, 0);
    struct state_party p = rig_party(r, org, &a);
    p.standing = standing;
    SET_HAS(&p, state_party_key_standing);
    if (standing == STANDING_LEFT) {
        p.left_ms = r->wall;
        SET_HAS(&p, state_party_key_left_ms);
    }
    p.changed_leaf = leaf;
    rig_put(r, TABLE_PARTY, span_str(r->f.orgs[org].id), &state_party_desc, &p);
    arena_deinit(&a);
}

static uint64_t size_of(struct rig *r)
{
    struct replica_status s;
    replica_status(r->replica, &s);
    return s.tip->tree.size;
}

/* Three blocks: organisation 1 proposes height 1 and, in this rig, is made to propose the others by the votes of all. */
static void decide(struct rig *r, const char *text)
{
    (void)rig_comment(r, r->self, text);
    rig_decide(r);
}

static void want(struct rig *r, size_t org, uint64_t from)
{
    struct err err;
    struct msg_want m = {.from = from, .count = 256};
    cr_assert_eq(rig_hear(r, org, &msg_want_desc, &m, &err), ST_OK, "%s", err.text);
}

static void says_height(struct rig *r, size_t org, uint64_t height)
{
    struct err err;
    uint8_t zeros[8] = {0};
    struct msg_status m = {.height = height, .round = -1, .prevotes = span_of(zeros, 8), .precommits = span_of(zeros, 8)};
    cr_assert_eq(rig_hear(r, org, &msg_status_desc, &m, &err), ST_OK, "%s", err.text);
}

/* Organisation 3 left with block 0 as far as this node's record says; block 1 is made afterwards. */
static void departed(struct rig *r)
{
    rig_init(r, 1);
    set_standing(r, 3, STANDING_LEFT, 0);
    rig_start(r);
    memset(r->sent_to, 0, sizeof r->sent_to);
}

Test(replica_members, one_that_left_gets_its_copy_and_nothing_after)
{
    struct rig r;
    departed(&r);
    decide(&r, "after it left");
    rig_run(&r, 3000);
    cr_expect_gt(r.sent_to[2][msg_proposal_desc.number], 0);
    for (size_t kind = 0; kind < 32; kind++)
        cr_expect_eq(r.sent_to[3][kind], 0, "it was sent %zu messages of kind %zu unasked", r.sent_to[3][kind], kind);
    want(&r, 2, 1);
    cr_expect_eq(r.sent_to[2][msg_block_desc.number], 1);
    want(&r, 3, 1); /* after its exit */
    cr_expect_eq(r.sent_to[3][msg_block_desc.number], 0, "it got a block after its exit");
    rig_deinit(&r);
}

Test(replica_members, one_that_left_is_told_where_its_record_ends)
{
    struct rig r;
    rig_init(&r, 1);
    rig_start(&r);
    decide(&r, "the last block that it gets");
    uint64_t last_leaf = size_of(&r) - 1;
    rig_stop(&r);
    set_standing(&r, 3, STANDING_LEFT, last_leaf);
    rig_start(&r);
    memset(r.sent_to, 0, sizeof r.sent_to);
    says_height(&r, 3, 1);
    cr_assert_eq(r.sent_to[3][msg_status_desc.number], 1);
    cr_expect_eq(r.status_to[3].height, 2);
    cr_expect_eq(r.status_to[3].round, -1);
    want(&r, 3, 1);
    cr_expect_eq(r.sent_to[3][msg_block_desc.number], 1);
    rig_deinit(&r);
}

static bool is_peer(struct rig *r, size_t org)
{
    struct arena a;
    struct view v;
    struct replica_member *m;
    size_t n;
    struct err err = {0};
    bool found = false;
    arena_init(&a, 0);
    cr_assert_eq(store_read_begin(r->store, &v, &err), ST_OK);
    cr_assert_eq(replica_roster(&v, span_str(r->f.orgs[r->self].id), &a, &m, &n, &err), ST_OK, "%s", err.text);
    store_read_end(r->store, &v);
    for (size_t i = 0; i < n; i++)
        found = found || span_eqs(m[i].org, r->f.orgs[org].id);
    arena_deinit(&a);
    return found;
}

Test(replica_members, one_that_has_its_copy_is_a_peer_no_more)
{
    struct rig r;
    departed(&r);
    cr_expect(is_peer(&r, 3));
    says_height(&r, 3, 0 + 1); /* it works on the block after the one that removed it */
    cr_expect(!is_peer(&r, 3));
    cr_expect_eq(r.members, 1, "nobody was told");
    says_height(&r, 3, 1);
    cr_expect_eq(r.members, 1);
    rig_deinit(&r);
}

Test(replica_members, one_that_left_is_a_peer_for_so_many_days)
{
    struct rig r;
    departed(&r);
    cr_expect(is_peer(&r, 3));
    r.wall += (uint64_t)LIMIT_DEPARTED_DAYS * 86400000 + 86400000;
    decide(&r, "much later");
    cr_expect(!is_peer(&r, 3));
    rig_deinit(&r);
}

Test(replica_members, a_revoked_node_key_is_no_peers)
{
    struct rig r;
    rig_init(&r, 1);
    struct state_key k = {.org = span_str(r.f.orgs[2].id), .use = KEY_NODE, .revoked_ms = r.wall};
    SET_HAS(&k, state_key_key_revoked_ms);
    cr_expect(is_peer(&r, 2));
    rig_put(&r, TABLE_KEY, span_hash(&r.f.orgs[2].node->pub), &state_key_desc, &k);
    cr_expect(!is_peer(&r, 2));
    cr_expect(is_peer(&r, 0));
    cr_expect(!is_peer(&r, 1), "its own peer");
    rig_deinit(&r);
}

/* REP-3: a vote of another height may be of somebody who is no member now. It is no fault, and no use. */
Test(replica_members, votes_of_other_heights_are_not_looked_at)
{
    struct rig r;
    struct replica_peer_status p;
    struct err err;
    rig_init(&r, 1);
    rig_start(&r);
    struct msg_vote m = {.vote = rig_vote(&r, 2, VOTE_PRECOMMIT, 0, NULL)};
    m.vote.org = span_str("gone");
    cr_expect_neq(rig_hear(&r, 2, &msg_vote_desc, &m, &err), ST_OK, "at the open height it is");
    m.vote.vote.height = 7;
    cr_expect_eq(rig_hear(&r, 2, &msg_vote_desc, &m, &err), ST_OK);
    for (size_t i = 0; replica_peer(r.replica, i, &p); i++)
        if (span_eqs(p.org, r.f.orgs[2].id))
            cr_expect_eq(p.faults, 1);
    rig_deinit(&r);
}

Test(replica_members, a_node_with_another_vote_key_follows_and_says_why)
{
    struct rig r;
    rig_init(&r, 1);
    r.vote = r.f.orgs[2].vote;
    rig_start(&r);
    (void)rig_comment(&r, 1, "now");
    rig_run(&r, 5000);
    cr_expect_eq(self(&r), -1);
    cr_expect_eq(r.sent[msg_vote_desc.number] + r.sent[msg_proposal_desc.number], 0, "it signed");
    cr_expect(strstr(no_vote(&r), "the vote key here is not the one on the record") != NULL, "%s", no_vote(&r));
    rig_deinit(&r);
}

Test(replica_members, it_says_why_it_does_not_vote)
{
    static const struct {
        enum standing standing;
        const char *says;
    } cases[] = {{STANDING_JOINING, "joins"}, {STANDING_SUSPENDED, "was revoked"}, {STANDING_LEFT, "has left the alliance"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct rig r;
        rig_init(&r, 1);
        set_standing(&r, 1, cases[i].standing, 0);
        rig_start(&r);
        cr_expect(strstr(no_vote(&r), cases[i].says) != NULL, "%s", no_vote(&r));
        rig_deinit(&r);
    }
}

static void set_rules(struct rig *r, const char *name, uint64_t version)
{
    struct state_counter n = {.value = version};
    rig_put(r, TABLE_META, span_str(name), &state_counter_desc, &n);
}

Test(replica_members, a_node_that_lacks_the_rules_stops_before_them)
{
    struct rig r;
    rig_init(&r, 1);
    set_rules(&r, "rules", 2); /* in force after block 1 */
    rig_start(&r);
    cr_expect_null(replica_halted(r.replica));
    decide(&r, "the last one under the old rules");
    const char *why = replica_halted(r.replica);
    cr_assert_not_null(why);
    cr_expect(strstr(why, "from block 2 on the alliance runs rules version 2; this program has versions up to 1") != NULL, "%s", why);
    memset(r.sent, 0, sizeof r.sent);
    rig_run(&r, 5000);
    cr_expect_eq(r.sent[msg_vote_desc.number] + r.sent[msg_proposal_desc.number], 0);
    rig_stop(&r);
    rig_start(&r); /* and says so again */
    cr_expect_not_null(replica_halted(r.replica));
    rig_stop(&r);
    r.rules_max = 2; /* a newer program goes on */
    rig_start(&r);
    cr_expect_null(replica_halted(r.replica));
    cr_expect_eq(self(&r), 1);
    rig_deinit(&r);
}

/* The largest founding: each of 2048 signatures of a seat with the longest name, by a hardware key. */
Test(replica_members, the_largest_founding_fits_into_a_proposal)
{
    struct arena a;
    struct buf b, frame;
    struct err err = {0};
    arena_init(&a, 0);
    buf_init(&b, 1 << 20);
    buf_init(&frame, LIMIT_FRAME_BYTES);
    struct genesis_sigs sigs = {.list = {2048, arena_array(&a, 2048, sizeof(struct genesis_sig))}};
    char seat[128];
    memset(seat, 'a', sizeof seat);
    seat[63] = '/';
    for (size_t i = 0; i < 2048; i++) {
        struct genesis_sig *s = &sigs.list.v[i];
        s->seat = span_of(seat, 127);
        s->signature = (struct signature){.alg = SIG_SK_ED25519, .flags = 255, .counter = UINT32_MAX};
        memset(s->signature.sig.b, 255, sizeof s->signature.sig.b);
        SET_HAS(&s->signature, signature_key_flags);
        SET_HAS(&s->signature, signature_key_counter);
    }
    cr_assert_eq(codec_encode(&genesis_sigs_desc, &sigs, &b), ST_OK);
    struct msg_proposal m = {.vote = {.org = span_str("p01")}, .header = span_str("h"), .last_commit = buf_span(&b)};
    m.vote.vote = (struct vote){.type = VOTE_PROPOSAL, .height = 1};
    cr_expect_eq(codec_check(&msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
    struct msg_block block = {.header = span_str("h"), .certificate = span_str("c"), .last_commit = buf_span(&b)};
    cr_expect_eq(codec_check(&msg_block_desc, &block, &err), ST_OK, "%s", err.text);
    struct body_row row = {.height = 1, .header = span_str("h"), .last_commit = buf_span(&b)};
    cr_expect_eq(codec_check(&body_row_desc, &row, &err), ST_OK, "%s", err.text);
    cr_expect_eq(codec_encode(&msg_proposal_desc, &m, &frame), ST_OK);
    buf_deinit(&b);
    buf_deinit(&frame);
    arena_deinit(&a);
}
