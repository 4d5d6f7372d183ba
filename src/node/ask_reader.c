/* Questions that are answered from a snapshot: of the store, on reader threads; or of the state at an earlier time (past.h), on
 * a thread of its own. */
#include "cert/quorum.h"
#include "cert/refounding.h"
#include "gov/query.h"
#include "ledger/availability.h"
#include "ledger/rows.h"
#include "merkle/checkpoint.h"
#include "node/internal.h"
#include "node/nudges.h"
#include "node/past.h"
#include "node/regular.h"

struct ask {
    struct node *n;
    struct store *store; /* that v is of */
    const struct view *v;
    uint64_t at_ms; /* 0: now */
    struct arena *a;
    struct server_call *call;
    struct err err;
};

static void finish(struct ask *q, enum status st, const void *reply)
{
    struct err more;
    if (st == ST_OK) {
        server_answer(q->call, reply);
        return;
    }
    if (st == ST_CORRUPT && q->v->get != NULL) { /* which record, and what to do */
        (void)store_explain(q->store, q->v, st, &more);
        (void)err_wrap(&more, st, "%s: ", q->err.text);
        q->err = more;
    }
    server_refuse(q->call, st, q->err.text);
}

static void info(struct ask *q)
{
    struct rpc_info_reply r = {.org = q->n->cfg.partner,
                               .alliance = q->n->alliance,
                               .name = q->n->name,
                               .origin = q->n->origin,
                               .version = span_str(ENTENTE_VERSION),
                               .rules = GOV_RULES_MAX};
    finish(q, ST_OK, &r);
}

static void boundary(struct ask *q)
{
    struct boundary b = {0};
    enum status st = rows_newest_boundary(q->v, &b, &q->err);
    if (st == ST_NOTFOUND)
        st = err_set(&q->err, st, "this node has no block yet");
    struct rpc_boundary_reply r = {.size = b.size, .root = b.root, .height = b.height, .time_ms = b.time_ms};
    finish(q, st, &r);
}

/* The block that holds a leaf. */
static enum status block_of(struct ask *q, uint64_t index, struct boundary *ret_b)
{
    enum status st = rows_boundary(q->v, index + 1, true, ret_b, &q->err);
    if (st == ST_NOTFOUND)
        return err_set(&q->err, ST_NOTFOUND, "there is no leaf %" PRIu64 " yet", index);
    return st;
}

static enum status prose_of_leaf(struct ask *q, uint64_t index, struct prose_list *ret_list)
{
    struct pack_prose_list l;
    enum status st = rows_prose(q->v, index, 1, q->a, &l, &q->err);
    if (st != ST_OK)
        return st;
    struct prose *v = arena_array(q->a, l.n + 1, sizeof *v);
    ASSERT(v != NULL);
    for (size_t i = 0; i < l.n; i++)
        v[i] = l.v[i].prose;
    *ret_list = (struct prose_list){l.n, v};
    return ST_OK;
}

/* Which decision erased its texts; 0: none. */
static enum status erased_by(struct ask *q, uint64_t index, uint64_t *ret_decision)
{
    struct state_erased e;
    enum status st = query_erased(q->v, q->a, index, &e, &q->err);
    *ret_decision = st == ST_OK ? e.decision : 0;
    return st == ST_NOTFOUND ? ST_OK : st;
}

static void leaf(struct ask *q, const struct rpc_leaf *asked)
{
    struct boundary b;
    struct tip tip;
    struct rfc6962_proof proof;
    struct rpc_leaf_reply r = {.size = asked->size};
    struct tile_reader reader = rows_tile_reader(q->v);
    enum status st = tip_load(q->v, &tip, &q->err);
    if (st == ST_OK && r.size == 0)
        r.size = tip.tree.size;
    if (st == ST_OK && (r.size > tip.tree.size || asked->index >= r.size))
        st = err_set(&q->err, ST_RANGE, "leaf %" PRIu64 " in a tree of %" PRIu64 ": the tree here has %" PRIu64 " leaves", asked->index,
                     r.size, tip.tree.size);
    if (st == ST_OK)
        st = block_of(q, asked->index, &b);
    if (st == ST_OK)
        st = block_leaf(q->v, asked->index, &r.leaf, &q->err);
    if (st == ST_OK)
        st = tiles_root(&reader, r.size, &r.root);
    if (st == ST_OK)
        st = tiles_inclusion(&reader, asked->index, r.size, &proof);
    if (st == ST_OK)
        st = prose_of_leaf(q, asked->index, &r.prose);
    if (st == ST_OK)
        st = erased_by(q, asked->index, &r.erased);
    if (st == ST_OK) {
        if (r.erased != 0)
            SET_HAS(&r, rpc_leaf_reply_key_erased);
        r.proof = (struct hash_list){proof.n, proof.v};
        r.height = b.height;
        r.time_ms = b.time_ms;
    }
    finish(q, st, &r);
}

static void log_range(struct ask *q, const struct rpc_range *asked)
{
    struct tip tip;
    struct rpc_log_reply r = {0};
    struct boundary b = {0};
    size_t bytes = 0;
    enum status st = tip_load(q->v, &tip, &q->err);
    r.list.v = arena_array(q->a, asked->count, sizeof *r.list.v);
    ASSERT(r.list.v != NULL);
    for (uint64_t i = asked->from; st == ST_OK && i < tip.tree.size && r.list.n < asked->count && bytes < LIMIT_BLOCK_BYTES; i++) {
        struct rpc_log_line *line = &r.list.v[r.list.n];
        if (i + 1 > b.size)
            st = block_of(q, i, &b);
        if (st == ST_OK)
            st = block_leaf(q->v, i, &line->leaf, &q->err);
        if (st == ST_OK)
            st = prose_of_leaf(q, i, &line->prose);
        line->erased = 0;
        line->has = 0;
        if (st == ST_OK)
            st = erased_by(q, i, &line->erased);
        if (line->erased != 0)
            SET_HAS(line, rpc_log_line_key_erased);
        line->index = i;
        line->height = b.height;
        line->time_ms = b.time_ms;
        bytes += line->leaf.n;
        for (size_t k = 0; st == ST_OK && k < line->prose.n; k++)
            bytes += line->prose.v[k].text.n + 64;
        r.list.n++;
    }
    finish(q, st, &r);
}

static void block(struct ask *q, uint64_t height)
{
    struct pack_block r = {0};
    uint64_t first;
    size_t n;
    enum status st = block_header(q->v, height, &r.header, &q->err);
    if (st == ST_NOTFOUND)
        st = err_set(&q->err, st, "there is no block %" PRIu64 " yet", height);
    if (st == ST_OK && height == 0 && block_certificate(q->v, 0, &r.certificate, &q->err) == ST_OK && refounding_is(r.certificate))
        SET_HAS(&r, pack_block_key_certificate); /* REF-6 */
    if (st == ST_OK && height > 0) {
        st = block_leaves(q->v, height, q->a, &r.leaves.v, &r.leaves.n, &q->err);
        if (st == ST_OK)
            st = block_certificate(q->v, height, &r.certificate, &q->err);
        SET_HAS(&r, pack_block_key_certificate);
        if (st == ST_OK)
            st = block_range(q->v, height, &first, &n, &q->err);
        if (st == ST_OK)
            st = rows_prose(q->v, first, n, q->a, &r.prose, &q->err);
    }
    finish(q, st, &r);
}

/* How many nodes of the set have cosigned the note. */
static size_t cosigners(const struct ask *q, const struct validator_set *set, struct span note)
{
    struct note_key keys[LIMIT_VALIDATORS];
    struct checkpoint_seen seen[LIMIT_VALIDATORS];
    struct checkpoint c;
    struct err err;
    size_t n = 0;
    ASSERT(set->members.n <= LIMIT_VALIDATORS);
    for (size_t i = 0; i < set->members.n; i++) {
        struct buf name CLEANUP(buf_deinit);
        buf_init(&name, 1024);
        buf_printf(&name, "%.*s/%.*s", SPAN_FMT(q->n->origin), SPAN_FMT(set->members.v[i].org));
        keys[i] = note_key_make(arena_dup(q->a, buf_span(&name)), NOTE_COSIGNATURE, &set->members.v[i].cosign);
    }
    if (checkpoint_verify(note, keys, set->members.n, q->a, &c, seen, &err) != ST_OK)
        return 0;
    for (size_t i = 0; i < set->members.n; i++)
        n += seen[i].signed_it;
    return n;
}

/* The newest that a quorum of today's nodes has cosigned; without one, the newest of those that most of them have. Rows are few,
 * and the replica keeps the newest whole one. */
static void checkpoint(struct ask *q)
{
    uint8_t upto[8];
    struct span key, value;
    struct pack_checkpoint best = {0};
    struct validator_set set;
    size_t most = 0;
    store_u64(upto, UINT64_MAX);
    enum status st = gov_validators(q->v, q->a, &set, &q->err);
    size_t quorum = st == ST_OK ? quorum_of((uint32_t)set.members.n) : 0;
    while (st == ST_OK && most < quorum && (st = view_prev(q->v, TABLE_CHECKPOINT, span_of(upto, 8), &key, &value)) == ST_OK && key.n == 8) {
        size_t n = cosigners(q, &set, value);
        if (n > most) {
            most = n;
            best.note = arena_dup(q->a, value);
        }
        uint64_t size = load_u64(key.p);
        if (size == 0)
            break;
        store_u64(upto, size - 1);
    }
    if (st == ST_END || st == ST_OK)
        st = best.note.n > 0 ? ST_OK : err_set(&q->err, ST_NOTFOUND, "no checkpoint was signed here yet");
    finish(q, st, &best);
}

static void genesis_file(struct ask *q)
{
    struct rpc_genesis_reply r = {0};
    enum status st = view_get(q->v, TABLE_NODE, span_str("genesis"), &r.file);
    if (st != ST_OK)
        (void)err_set(&q->err, st, "the genesis cannot be read");
    finish(q, st, &r);
}

static void consistency(struct ask *q, const struct rpc_sizes *asked)
{
    struct tip tip;
    struct rfc6962_proof proof;
    struct rpc_proof_reply r = {0};
    struct tile_reader reader = rows_tile_reader(q->v);
    enum status st = tip_load(q->v, &tip, &q->err);
    if (st == ST_OK && (asked->size1 > asked->size2 || asked->size2 > tip.tree.size))
        st = err_set(&q->err, ST_RANGE, "sizes %" PRIu64 " and %" PRIu64 ": expected ascending, at most %" PRIu64, asked->size1,
                     asked->size2, tip.tree.size);
    if (st == ST_OK)
        st = tiles_consistency(&reader, asked->size1, asked->size2, &proof);
    if (st == ST_OK)
        r.proof = (struct hash_list){proof.n, proof.v};
    finish(q, st, &r);
}

/* What counts as now: ledger time of the newest block, or the time that is asked about. */
static enum status now_of(struct ask *q, uint64_t *ret_ms)
{
    struct boundary tip;
    enum status st = rows_newest_boundary(q->v, &tip, &q->err);
    if (st == ST_NOTFOUND)
        return err_set(&q->err, st, "this node has no block yet");
    if (st == ST_OK)
        *ret_ms = q->at_ms != 0 ? q->at_ms : tip.time_ms;
    return st;
}

/* Reminders from persons are with the node that got them, as long as what they are about is asked. */
static enum status add_nudges(struct ask *q, const struct span_list *seats, struct query_inbox *in)
{
    struct query_owed_list owed;
    if (!nudges_any(q->n))
        return ST_OK;
    enum status st = query_owed(in, q->a, &owed, &q->err);
    if (st == ST_OK)
        st = nudges_shown(q->n, &owed, seats, q->a, &in->nudges, &q->err);
    if (st == ST_OK && in->nudges.n > 0)
        SET_HAS(in, query_inbox_key_nudges);
    return st;
}

/* Questions about readings. */
static bool readings(struct ask *q, enum method method, const void *request)
{
    union {
        struct query_readings readings;
        struct query_scorecard scorecard;
        struct query_record record;
        struct query_health health;
        struct query_inbox inbox;
    } r;
    const struct rpc_range *range = request;
    const struct rpc_scorecard *card = request;
    const struct rpc_period *period = request;
    const struct rpc_inbox *in = request;
    struct arena scratch CLEANUP(arena_deinit) = {0};
    uint64_t now_ms = 0;
    if (method != METHOD_readings && method != METHOD_scorecard && method != METHOD_pace && method != METHOD_health &&
        method != METHOD_inbox)
        return false;
    memset(&r, 0, sizeof r);
    arena_init(&scratch, 64 << 20);
    enum status st = now_of(q, &now_ms);
    if (st != ST_OK) {
        finish(q, st, &r);
        return true;
    }
    if (method == METHOD_readings) {
        st = query_readings(q->v, range->from, range->count, q->a, &r.readings, &q->err);
    } else if (method == METHOD_scorecard) {
        uint64_t until = HAS(card, rpc_scorecard_key_until) ? card->until : UINT64_MAX;
        st = query_scorecard(q->v, until, now_ms, q->a, &scratch, &r.scorecard, &q->err);
    } else if (method == METHOD_pace) {
        st = query_record(q->v, period->from_ms, period->to_ms, now_ms, q->a, &scratch, &r.record, &q->err);
    } else if (method == METHOD_health) {
        st = query_health(q->v, period->from_ms, period->to_ms, now_ms, q->a, &scratch, &r.health, &q->err);
    } else {
        const struct span_list *seats = HAS(in, rpc_inbox_key_seats) ? &in->seats : NULL;
        st = query_inbox(q->v, in->org, seats, q->a, &r.inbox, &q->err);
        if (st == ST_OK)
            st = query_reading_tasks(q->v, in->org, seats, now_ms, q->a, &scratch, &r.inbox.readings, &q->err);
        if (st == ST_OK)
            st = query_again(q->v, in->org, seats, now_ms, q->a, &scratch, &r.inbox.again, &q->err);
        if (st == ST_OK)
            query_again_unasked(&r.inbox.again);
        if (st == ST_OK && q->at_ms == 0 && span_eq(in->org, q->n->cfg.partner))
            st = add_nudges(q, seats, &r.inbox);
    }
    finish(q, st, &r);
    return true;
}

/* Questions about regular reports, what seats were asked, and what was promised. */
static bool accounts(struct ask *q, enum method method, const void *request)
{
    union {
        struct query_report report;
        struct rpc_regulars_reply regulars;
        struct query_account account;
        struct query_promises promises;
    } r;
    const struct rpc_regular *regular = request;
    const struct rpc_account *account = request;
    struct arena scratch CLEANUP(arena_deinit) = {0};
    uint64_t now_ms = 0;
    if (method != METHOD_report && method != METHOD_regulars && method != METHOD_account && method != METHOD_promises)
        return false;
    memset(&r, 0, sizeof r);
    arena_init(&scratch, 64 << 20);
    enum status st = now_of(q, &now_ms);
    if (st == ST_OK && method == METHOD_report)
        st = regular_make(q->v, regular->name, HAS(regular, rpc_regular_key_day) ? regular->day : UINT64_MAX, q->at_ms, 0, q->a,
                          &scratch, &r.report, &q->err);
    else if (st == ST_OK && method == METHOD_regulars)
        st = regular_list(q->n, q->v, q->a, &scratch, &r.regulars, &q->err);
    else if (st == ST_OK && method == METHOD_account)
        st = query_account(q->v, account->from_ms, account->to_ms, HAS(account, rpc_account_key_seat) ? &account->seat : NULL, now_ms,
                           q->a, &scratch, &r.account, &q->err);
    else if (st == ST_OK)
        st = query_promises(q->v, now_ms, q->a, &scratch, &r.promises, &q->err);
    finish(q, st, &r);
    return true;
}

/* What is due by the newest block has fired. */
static enum status ask_can(struct ask *q, const struct rpc_can *asked, struct query_can *ret)
{
    struct boundary b = {0};
    uint64_t now_ms = 0;
    struct query_can_what what = {.seat = asked->seat, .action = asked->action};
    bool share = asked->action == CAN_SHARE, typed = share || asked->action == CAN_PROPOSE;
    if ((typed ? !HAS(asked, rpc_can_key_type) : !HAS(asked, rpc_can_key_decision)) ||
        share != HAS(asked, rpc_can_key_partner))
        return err_set(&q->err, ST_USAGE,
                       "to propose goes with a type, to share with a class and a partner, anything else with a decision");
    what.partner = asked->partner;
    if (typed)
        what.type = asked->type;
    else
        what.decision = asked->decision;
    if (HAS(asked, rpc_can_key_principal))
        what.principal = asked->principal;
    enum status st = now_of(q, &now_ms);
    if (st == ST_OK)
        st = rows_newest_boundary(q->v, &b, &q->err);
    if (st == ST_OK)
        st = gov_rules(q->v, &what.rules, &q->err);
    what.size = b.size;
    what.height = b.height;
    return st == ST_OK ? query_can(q->v, &what, now_ms, q->a, ret, &q->err) : st;
}

static enum status ask_waiting(struct ask *q, uint64_t number, struct query_waiting *ret)
{
    uint64_t now_ms = 0;
    enum status st = now_of(q, &now_ms);
    return st == ST_OK ? query_waiting(q->v, number, now_ms, q->a, ret, &q->err) : st;
}

/* Governance questions: the answer is what the query gives. */
static bool governance(struct ask *q, enum method method, const void *request)
{
    union {
        struct query_decision decision;
        struct query_decisions decisions;
        struct query_readiness readiness;
        struct query_parties parties;
        struct query_seats seats;
        struct query_section section;
        struct query_halts halts;
        struct query_recoveries recoveries;
        struct query_faults faults;
        struct query_rules rules;
        struct query_item item;
        struct query_items items;
        struct query_linked linked;
        struct query_can can;
        struct query_budgets budgets;
        struct query_waiting waiting;
        struct query_sessions sessions;
        struct query_agenda agenda;
        struct query_grants grants;
        struct query_share_map share_map;
        struct query_news news;
    } r;
    const struct rpc_number *number = request;
    const struct rpc_range *range = request;
    const struct rpc_section *version = request;
    const struct rpc_period *period = request;
    enum status st;
    memset(&r, 0, sizeof r);
    if (method == METHOD_decision)
        st = query_decision(q->v, number->number, q->a, &r.decision, &q->err);
    else if (method == METHOD_decisions)
        st = query_decisions(q->v, range->from, range->count, q->a, &r.decisions, &q->err);
    else if (method == METHOD_readiness)
        st = query_readiness(q->v, number->number, q->a, &r.readiness, &q->err);
    else if (method == METHOD_parties)
        st = query_parties(q->v, q->a, &r.parties, &q->err);
    else if (method == METHOD_seats)
        st = query_seats(q->v, q->a, &r.seats, &q->err);
    else if (method == METHOD_section_version)
        st = query_section_version(q->v, version->number, version->version, q->a, &r.section, &q->err);
    else if (method == METHOD_section)
        st = query_section(q->v, number->number, q->a, &r.section, &q->err);
    else if (method == METHOD_halts)
        st = query_halts(q->v, range->from, range->count, q->a, &r.halts, &q->err);
    else if (method == METHOD_recoveries)
        st = query_recoveries(q->v, q->a, &r.recoveries, &q->err);
    else if (method == METHOD_faults)
        st = query_faults(q->v, range->from, range->count, q->a, &r.faults, &q->err);
    else if (method == METHOD_rules)
        st = query_rules(q->v, q->a, &r.rules, &q->err);
    else if (method == METHOD_item)
        st = query_item(q->v, request, q->a, &r.item, &q->err);
    else if (method == METHOD_items)
        st = query_items(q->v, request, q->a, &r.items, &q->err);
    else if (method == METHOD_linked)
        st = query_linked(q->v, number->number, q->a, &r.linked, &q->err);
    else if (method == METHOD_can)
        st = ask_can(q, request, &r.can);
    else if (method == METHOD_budgets)
        st = query_budgets(q->v, q->a, &r.budgets, &q->err);
    else if (method == METHOD_sessions)
        st = query_sessions(q->v, range->from, range->count, q->a, &r.sessions, &q->err);
    else if (method == METHOD_agenda)
        st = query_agenda(q->v, number->number, q->a, &r.agenda, &q->err);
    else if (method == METHOD_grants)
        st = query_grants(q->v, range->from, range->count, q->a, &r.grants, &q->err);
    else if (method == METHOD_share_map)
        st = query_share_map(q->v, q->a, &r.share_map, &q->err);
    else if (method == METHOD_news)
        st = query_news(q->v, period->from_ms, period->to_ms, q->a, &r.news, &q->err);
    else if (method == METHOD_waiting)
        st = ask_waiting(q, number->number, &r.waiting);
    else
        return false;
    finish(q, st, &r);
    return true;
}

static void pulse(struct ask *q, const struct rpc_pulse *asked)
{
    struct rpc_pulse_reply r;
    finish(q, ask_pulse(q->n, q->v, asked, q->a, &r, &q->err), &r);
}

static void present(struct ask *q, const struct rpc_period *asked)
{
    struct query_availability r;
    finish(q, availability(q->v, asked->from_ms, asked->to_ms, q->a, &r, &q->err), &r);
}

static void answer(struct ask *q, const struct job *j)
{
    if (j->method == METHOD_info)
        info(q);
    else if (j->method == METHOD_boundary)
        boundary(q);
    else if (j->method == METHOD_leaf)
        leaf(q, j->request);
    else if (j->method == METHOD_log)
        log_range(q, j->request);
    else if (j->method == METHOD_block)
        block(q, ((const struct rpc_number *)j->request)->number);
    else if (j->method == METHOD_checkpoint)
        checkpoint(q);
    else if (j->method == METHOD_genesis)
        genesis_file(q);
    else if (j->method == METHOD_consistency)
        consistency(q, j->request);
    else if (j->method == METHOD_availability)
        present(q, j->request);
    else if (j->method == METHOD_pulse)
        pulse(q, j->request);
    else if (!readings(q, j->method, j->request) && !accounts(q, j->method, j->request) && !governance(q, j->method, j->request))
        server_refuse(j->call, ST_UNSUPPORTED, "no such question");
}

static void answer_from(struct node *n, struct store *s, uint64_t at_ms, const struct job *j)
{
    struct arena a CLEANUP(arena_deinit);
    struct view v;
    arena_init(&a, 256 << 20);
    struct ask q = {.n = n, .store = s, .v = &v, .at_ms = at_ms, .a = &a, .call = j->call};
    enum status st = store_read_begin(s, &v, &q.err);
    if (st != ST_OK) {
        server_refuse(j->call, st, q.err.text);
        return;
    }
    answer(&q, j);
    store_read_end(s, &v);
}

void ask_reader(struct node *n, struct job *j)
{
    if (j->method == METHOD_backup) /* holds no snapshot while it waits */
        ask_backup(n, j);
    else
        answer_from(n, n->store, 0, j);
}

void ask_past(struct node *n, struct past *p, struct job *j)
{
    struct store *s = NULL;
    struct err err = {0};
    uint64_t at_ms = server_at(j->call);
    enum status st = past_at(p, at_ms, clock_wall_ms(&clock_system), &s, &err);
    if (st == ST_OK)
        answer_from(n, s, at_ms, j);
    else
        server_refuse(j->call, st, err.text);
}
