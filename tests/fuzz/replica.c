/* A running replica of four, over a store in memory, and what members send it: bytes as they are, messages made at random,
 * real ones changed and sent again by another; and the lies of one member (organisation 1, which proposes first), signed
 * with its own keys. Submissions, time, crashes between. The node must not die, not halt, and stay whole. */
#include "crypto/hash.h"
#include "fuzz/fuzz.h"
#include "fuzz/make.h"
#include "ledger/leaf.h"
#include "unit/replica/rig.h"
#include "cert/vote.h"

enum { INPUT_MAX = 4096, THINGS_MAX = 60, LIAR = 1, SELF = 0, ENTRIES = 4, KINDS = 32 };

static struct rig rig;
static struct arena prepared;
static struct span entries[ENTRIES]; /* submissions */
static struct span proposal;         /* body of a msg_proposal of the liar, valid at height 1 */
static struct hash voted[2][4][64]; /* honest votes of the height: by type, organisation, round */
static uint64_t voted_height;

static const struct record_desc *const messages[] = {&msg_status_desc, &msg_vote_desc, &msg_proposal_desc, &msg_entry_desc,
                                                     &msg_want_desc,   &msg_block_desc, &msg_cosign_desc,  &msg_fetch_desc};

static struct span an_entry(size_t i)
{
    static const char *const texts[ENTRIES] = {"one", "two", "three", "four"};
    struct note body = {.type = NOTE_COMMENT};
    struct buf b;
    struct hash id;
    struct replica_status s;
    replica_status(rig.replica, &s);
    struct prose prose = fixture_prose(&rig.f, texts[i], &body.text);
    struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = i, .seat = 1, .prose = &prose, .n_prose = 1,
                              .at_ms = rig.wall, .expires_ms = rig.wall + UINT64_C(20) * 86400000};
    SET_HAS(&body, note_key_text);
    e.basis.size = s.tip->tree.size;
    frontier_root(&s.tip->tree, &e.basis.root);
    buf_init(&b, 1 << 17);
    fixture_submit(&rig.f, &e, &b, &id);
    struct span out = arena_dup(&prepared, buf_span(&b));
    buf_deinit(&b);
    return out;
}

static void init(void)
{
    static bool done;
    struct hash value;
    if (done)
        return;
    done = true;
    arena_init(&prepared, 0);
    proposal = rig_proposed(&prepared, &value);
    rig_init(&rig, SELF);
    rig_start(&rig);
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = an_entry(i);
    rig_clear(&rig);
}

static void hear_frame(size_t from, struct span frame)
{
    struct err err = {0};
    enum status st = replica_frame(rig.replica, span_str(rig.f.orgs[from].id), frame, &err);
    REQUIRE(st == ST_OK || err.text[0] != 0, "what no honest node sends is named: status %d", st);
}

static void hear(size_t from, uint64_t kind, struct span body)
{
    struct envelope e = {.kind = kind, .body = body};
    struct buf b;
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (body.n > 0 && codec_is_canonical(body, NULL) == ST_OK && (body.p[0] & 0xf0) == 0x80 && codec_encode(&envelope_desc, &e, &b) == ST_OK)
        hear_frame(from, buf_span(&b));
    buf_deinit(&b);
}

/* Values that somebody proposed here, and others. */
static struct hash some_value(struct span *in, struct arena *a)
{
    struct msg_proposal m;
    struct hash h = {{0}};
    uint8_t which = take_u8(in);
    struct err err;
    if (which % 3 == 0 && rig_sent(&rig, &msg_proposal_desc, a, &m))
        return m.vote.vote.value;
    if (which % 3 == 1 && codec_decode(&msg_proposal_desc, proposal, a, &m, &err) == ST_OK)
        return m.vote.vote.value;
    memset(h.b, which | 1, sizeof h.b);
    return h;
}

static void a_lying_vote(struct span *in, struct arena *a)
{
    uint8_t how = take_u8(in);
    struct hash value = some_value(in, a);
    struct msg_vote m = {.vote = rig_vote(&rig, LIAR, (how & 1) != 0 ? VOTE_PREVOTE : VOTE_PRECOMMIT, how >> 1 & 7,
                                          (how & 16) != 0 ? NULL : &value)};
    if ((how & 32) != 0 && m.vote.vote.round > 0) {
        m.vote.vote.valid_round = take_u8(in) % 8;
        SET_HAS(&m.vote.vote, vote_key_valid_round);
    }
    if ((how & 64) != 0)
        m.vote.vote.height += take_u8(in) % 3 - 1u;
    if ((how & 128) != 0) {
        m.waking = entries[take_u8(in) % ENTRIES];
        SET_HAS(&m, msg_vote_key_waking);
    }
    vote_sign(&m.vote.vote, rig.f.orgs[LIAR].vote, &m.vote.sig);
    struct buf b;
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (codec_check(&msg_vote_desc, &m, NULL) == ST_OK && codec_encode(&msg_vote_desc, &m, &b) == ST_OK)
        hear(LIAR, msg_vote_desc.number, buf_span(&b));
    buf_deinit(&b);
}

static struct span changed(struct span s, struct span *in, struct arena *a)
{
    struct span copy = arena_dup(a, s);
    if (copy.n > 0) {
        uint8_t *p = (uint8_t *)(uintptr_t)copy.p;
        size_t at = (size_t)(take_u8(in) << 8 | take_u8(in)) % copy.n;
        p[at] ^= take_u8(in);
    }
    return copy;
}

/* A proposal of the liar that is signed, and in which one part is not what it was. */
static void a_lying_proposal(struct span *in, struct arena *a)
{
    struct msg_proposal m;
    struct err err;
    uint8_t how = take_u8(in);
    struct buf b;
    REQUIRE(codec_decode(&msg_proposal_desc, proposal, a, &m, &err) == ST_OK, "the proposal prepared");
    if (how % 8 == 1)
        m.header = changed(m.header, in, a);
    if (how % 8 == 2 && m.leaves.n > 0)
        m.leaves.v[0] = changed(m.leaves.v[0], in, a);
    if (how % 8 == 3)
        m.last_commit = changed(m.last_commit, in, a);
    if (how % 8 == 4)
        m.leaves.n = 0;
    if (how % 8 == 5) {
        struct replica_status s;
        replica_status(rig.replica, &s);
        m.header = rig_nonsense(&rig, LIAR, rig.wall + take_u8(in), a, &m.last_commit);
        m.leaves.n = m.prose.n = 0;
        m.vote.vote.height = s.tip->height + 1;
    }
    if (how % 8 == 6)
        m.vote.vote.round = 4 * (take_u8(in) % 4u);
    if (how % 8 == 7 && m.prose.n > 0)
        m.prose.v[0].prose.text = span_of(m.prose.v[0].prose.text.p, m.prose.v[0].prose.text.n / 2);
    if (how < 200)
        sha256(m.header, &m.vote.vote.value);
    vote_sign(&m.vote.vote, rig.f.orgs[LIAR].vote, &m.vote.sig);
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (codec_check(&msg_proposal_desc, &m, NULL) == ST_OK && codec_encode(&msg_proposal_desc, &m, &b) == ST_OK)
        hear(LIAR, msg_proposal_desc.number, buf_span(&b));
    buf_deinit(&b);
}

/* What the replica itself said, from a member's mouth, whole or changed. */
static void an_echo(struct span *in, struct arena *a)
{
    uint8_t kind = take_u8(in) % KINDS, from = take_u8(in);
    if (rig.sent[kind] == 0)
        return;
    struct span body = arena_dup(a, buf_span(&rig.last[kind]));
    if ((from & 128) != 0)
        body = changed(body, in, a);
    hear(1 + from % 3, kind, body);
}

/* Honest members: they vote for what this replica proposed, each once for a slot. */
static void honest_votes(struct span *in, struct arena *a)
{
    struct replica_status s;
    struct msg_proposal m;
    replica_status(rig.replica, &s);
    if (!rig_sent(&rig, &msg_proposal_desc, a, &m) || m.vote.vote.height != s.tip->height + 1 || m.vote.vote.round >= 64)
        return;
    if (voted_height != s.tip->height)
        memset(voted, 0, sizeof voted);
    voted_height = s.tip->height;
    uint8_t who = take_u8(in);
    for (size_t org = 2; org < 4; org++)
        for (int type = 0; type < 2; type++) {
            struct hash *slot = &voted[type][org][m.vote.vote.round];
            if ((who >> (2 * (org - 2) + (size_t)type) & 1) == 0 || !hash_is_zero(slot))
                continue;
            *slot = m.vote.vote.value;
            REQUIRE(rig_hear_vote(&rig, org, type == 0 ? VOTE_PREVOTE : VOTE_PRECOMMIT, m.vote.vote.round, slot) == ST_OK,
                    "an honest vote is taken");
        }
}

static void a_message(struct span *in)
{
    const struct record_desc *d = messages[take_u8(in) % ARRAY_LEN(messages)];
    uint8_t from = take_u8(in);
    struct buf b;
    buf_init(&b, 1 << 16);
    make_record(d, take_u32(in), from / 4 % 9, &b);
    if (b.failed == ST_OK)
        hear(1 + from % 3, d->number, buf_span(&b));
    buf_deinit(&b);
}

static void a_submission(struct span *in, struct arena *a)
{
    struct hash id;
    struct err err = {0};
    enum verdict verdict = V_OK;
    char why[256];
    uint8_t which = take_u8(in);
    struct span s = entries[which % ENTRIES];
    if (which >= 128)
        s = changed(s, in, a);
    if (replica_submit(rig.replica, s, &id, &verdict, why, &err) == ST_OK)
        (void)!replica_acknowledge(rig.replica, &err);
}

static void an_entry_message(struct span *in, struct arena *a)
{
    uint8_t which = take_u8(in);
    struct msg_entry m = {.submission = entries[which % ENTRIES]};
    if (which >= 128)
        m.submission = changed(m.submission, in, a);
    struct buf b;
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (codec_encode(&msg_entry_desc, &m, &b) == ST_OK)
        hear(1 + which % 3, msg_entry_desc.number, buf_span(&b));
    buf_deinit(&b);
}

static void one_thing(struct span *in, struct arena *a)
{
    uint8_t what = take_u8(in), n = 0;
    switch (what % 12) {
    case 0:
        n = take_u8(in);
        hear_frame(1 + what / 12 % 3, take_bytes(in, n));
        break;
    case 1:
        n = take_u8(in);
        hear(1 + what / 12 % 3, 10 + n % 9u, take_bytes(in, n));
        break;
    case 2:
    case 3:
        a_message(in);
        break;
    case 4:
        a_lying_vote(in, a);
        break;
    case 5:
        a_lying_proposal(in, a);
        break;
    case 6:
        rig_run(&rig, (1 + take_u8(in) % 12u) * 100);
        break;
    case 7:
        an_echo(in, a);
        break;
    case 8:
        honest_votes(in, a);
        break;
    case 9:
        a_submission(in, a);
        break;
    case 10:
        an_entry_message(in, a);
        break;
    default:
        n = take_u8(in);
        if (n % 4 == 0) {
            rig_stop(&rig);
            rig_start(&rig);
        } else if (n % 4 == 1) {
            replica_peer_down(rig.replica, span_str(rig.f.orgs[n / 4 % 4].id));
        } else {
            replica_peer_up(rig.replica, span_str(rig.f.orgs[1 + n / 4 % 3].id));
        }
    }
    const char *wrong = replica_check(rig.replica), *halted = replica_halted(rig.replica);
    REQUIRE(wrong == NULL, "the replica: %s", wrong);
    REQUIRE(halted == NULL, "it halted: %s", halted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    struct arena a;
    if (size > INPUT_MAX)
        return 0;
    init();
    uint64_t random = rig.f.rng.state;
    rig_fresh(&rig);
    rig_start(&rig);
    memset(voted, 0, sizeof voted);
    voted_height = 0;
    arena_init(&a, 0);
    for (int i = 0; i < THINGS_MAX && in.n > 0; i++)
        one_thing(&in, &a);
    rig_run(&rig, 300);
    REQUIRE(replica_halted(rig.replica) == NULL, "it halted: %s", replica_halted(rig.replica));
    arena_deinit(&a);
    rig_clear(&rig);
    rig.f.rng.state = random;
    return 0;
}
