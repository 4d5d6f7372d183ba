/* Saved entries, and waiting for what was signed. */
#include <sys/stat.h>
#include "charter/scalar.h"
#include "cli/cli.h"
#include "crypto/sshpub.h"
#include "crypto/sshsig.h"
#include "gov/item_id.h"

static enum status read_saved(struct cli *c, struct submission *ret_s, struct leaf *ret_leaf,
                              struct span *ret_bytes)
{
    if (c->n != 1)
        return err_set(&c->err, ST_USAGE,
                       "one file of a saved entry was expected, or the number of a leaf on the record");
    if (strspn(c->words[0], "0123456789") == strlen(c->words[0])) {
        struct rpc_leaf q = {0};
        struct rpc_leaf_reply r;
        enum status asked = cli_number(c, "leaf", c->words[0], 0, INT64_MAX, &q.index);
        if (asked == ST_OK)
            asked = cli_ask(c, METHOD_leaf, &q, &r);
        if (asked == ST_OK && leaf_parse(r.leaf, &c->a, ret_leaf, NULL) != ST_OK)
            asked = err_set(&c->err, ST_USAGE,
                            "leaf %s is no entry: it is a block record, or of the founding", c->words[0]);
        if (asked != ST_OK)
            return asked;
        *ret_s = (struct submission){.prose = r.prose};
        cli_keep_prose(ret_leaf, &ret_s->prose);
        *ret_bytes = (struct span){NULL, 0};
        return asked;
    }
    enum status st = file_read(c->words[0], 1 << 20, &c->a, ret_bytes, &c->err);
    if (st != ST_OK)
        return st;
    st = codec_decode(&submission_desc, *ret_bytes, &c->a, ret_s, &c->err);
    if (st == ST_OK)
        st = leaf_of_submission(ret_s, &c->a, ret_leaf, &c->err);
    return st == ST_OK ? st
                       : err_wrap(&c->err, st, "%s is no saved entry, or was damaged on its way; ask its author for it again: ",
                                  c->words[0]);
}

int verb_submit(struct cli *c)
{
    struct submission s;
    struct leaf leaf;
    struct span bytes;
    if (read_saved(c, &s, &leaf, &bytes) != ST_OK)
        return cli_fail(c);
    if (bytes.p == NULL)
        return cli_usage(c, "leaf %s is on the record already", c->words[0]);
    int code = cli_submit(c, bytes, NULL);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

/* Until the decision is open no more. */
static int wait_decision(struct cli *c, uint64_t number)
{
    uint64_t until = clock_mono_ms(&clock_system) + (c->no_wait ? 0 : c->timeout_s * 1000);
    struct rpc_number q = {.number = number};
    for (;;) {
        struct query_readiness r;
        struct timespec nap = {.tv_nsec = 250000000};
        if (cli_ask(c, METHOD_readiness, &q, &r) != ST_OK)
            return cli_fail(c);
        bool open = r.phase == PHASE_OPEN || r.phase == PHASE_MEDIATION || r.phase == PHASE_STALE,
             late = clock_mono_ms(&clock_system) >= until;
        if ((!open || late) && c->json)
            (void)cli_json(c, &query_readiness_desc, &r);
        else if (!open || late)
            cli_say_outcome(c, number);
        if (!open)
            return EXIT_DONE;
        if (late)
            return EXIT_PENDING;
        (void)nanosleep(&nap, NULL);
    }
}

int verb_wait(struct cli *c)
{
    struct hash id;
    uint64_t number;
    if (c->n == 1 && strlen(c->words[0]) < 20 && cli_decision(c->words[0], &number))
        return wait_decision(c, number);
    if (c->n != 1 || hex_to_hash(span_str(c->words[0]), &id) != ST_OK)
        return cli_usage(c, "wait needs an entry's id, 64 hex digits, or a decision's, such as D-12");
    int code = cli_wait(c, &id, NULL);
    if (code == EXIT_DONE && c->json)
        cli_print_outcome(c, 0, NULL);
    return code;
}

/* "maker, clinics" */
static void put_spans(const struct span_list *l, struct buf *b)
{
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "%s%.*s", i == 0 ? "" : ", ", SPAN_FMT(l->v[i]));
}

static void put_ballot(const struct ballot *p, struct buf *what)
{
    buf_printf(what, "%s", enum_text(&choice_enum, p->choice));
    if (HAS(p, ballot_key_principal))
        buf_printf(what, " for %.*s", SPAN_FMT(p->principal));
    if (HAS(p, ballot_key_clause))
        buf_printf(what, " by clause %.*s", SPAN_FMT(p->clause));
}

static void put_item_move(const struct item_move *p, struct buf *what)
{
    buf_printf(what, "%s", enum_text(&item_step_enum, p->step));
    if (HAS(p, item_move_key_finding))
        buf_printf(what, " (%s)", enum_text(&assumed_enum, p->finding));
    if (HAS(p, item_move_key_to))
        buf_printf(what, " to %.*s", SPAN_FMT(p->to));
    if (HAS(p, item_move_key_due)) {
        buf_printf(what, " to ");
        scalar_print_date(p->due, what);
    }
}

static void put_keys(const struct public_key_list *l, struct buf *b)
{
    buf_printf(b, "%s", l->n == 0 ? "nobody" : "");
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "%s%s", i == 0 ? "" : ", ", sshpub_fingerprint(&l->v[i]).s);
}

/* Of a decision. */
static bool decision_words(uint64_t kind, const void *body, struct buf *what, struct buf *about)
{
    uint64_t number = 0;
    if (kind == KIND_PROPOSE) {
        buf_printf(what, "propose %.*s", SPAN_FMT(((const struct propose *)body)->type));
    } else if (kind == KIND_REVISE) {
        buf_printf(what, "revise");
        number = ((const struct revise *)body)->decision.number;
    } else if (kind == KIND_BALLOT) {
        put_ballot(body, what);
        number = ((const struct ballot *)body)->decision.number;
    } else if (kind == KIND_WITHDRAW) {
        buf_printf(what, "withdraw");
        number = ((const struct withdraw *)body)->decision.number;
    } else if (kind == KIND_MOVE) {
        const struct move_decision *p = body;
        buf_printf(what, "%s", enum_text(&move_enum, p->move));
        number = p->decision.number;
    } else if (kind == KIND_NOTE) {
        const struct note *p = body;
        buf_printf(what, "%s", enum_text(&note_type_enum, p->type));
        number = HAS(p, note_key_decision) ? p->decision.number : 0;
    } else if (kind == KIND_INPUT) {
        const struct decision_input *p = body;
        buf_printf(what, "%s", HAS(p, decision_input_key_need) ? enum_text(&input_type_enum, p->need.type) : "recommend");
        number = p->decision.number;
    } else if (kind == KIND_RECEIPT) {
        buf_printf(what, "has seen");
        number = ((const struct receipt *)body)->decision.number;
    } else {
        return false;
    }
    if (number != 0)
        buf_printf(about, "D-%" PRIu64, number);
    return true;
}

/* Of items and readings. */
static bool item_words(uint64_t kind, const void *body, struct buf *what, struct buf *about)
{
    if (kind == KIND_ITEM) {
        buf_printf(what, "open %s", enum_text(&item_type_enum, ((const struct item *)body)->type));
    } else if (kind == KIND_ITEM_MOVE) {
        const struct item_move *p = body;
        put_item_move(p, what);
        buf_printf(about, "%s", item_id(p->item.type, p->item.number).s);
    } else if (kind == KIND_READING) {
        const struct reading *p = body;
        buf_printf(what, "report %.*s ", SPAN_FMT(p->metric));
        scalar_print_decimal(&p->value, what);
    } else if (kind == KIND_MARK) {
        const struct mark_reading *p = body;
        buf_printf(what, "%s", enum_text(&mark_act_enum, p->act));
        buf_printf(about, "K-%" PRIu64, p->reading.number);
    } else if (kind == KIND_COMMIT) {
        buf_printf(what, "commit to %.*s", SPAN_FMT(((const struct commit_reading *)body)->metric));
    } else if (kind == KIND_REVEAL) {
        buf_printf(what, "reveal %.*s", SPAN_FMT(((const struct reveal_reading *)body)->sealed.metric));
    } else {
        return false;
    }
    return true;
}

/* Of sessions and what is shared. */
static bool meeting_words(uint64_t kind, const void *body, struct buf *what, struct buf *about)
{
    if (kind == KIND_SESSION) {
        const struct session *p = body;
        buf_printf(what, "call %.*s for ", SPAN_FMT(p->body));
        scalar_print_date(p->on, what);
    } else if (kind == KIND_MINUTES) {
        const struct minutes *p = body;
        buf_printf(what, "%s", enum_text(&session_act_enum, p->act));
        buf_printf(about, "S-%" PRIu64, p->session);
    } else if (kind == KIND_GRANT) {
        const struct grant *p = body;
        buf_printf(what, "share %.*s with ", SPAN_FMT(p->info_class));
        put_spans(&p->audience, what);
        buf_printf(what, " until ");
        scalar_print_date(p->until, what);
    } else if (kind == KIND_GRANT_MOVE) {
        const struct grant_move *p = body;
        buf_printf(what, "%s", enum_text(&grant_act_enum, p->act));
        buf_printf(about, "G-%" PRIu64, p->grant.number);
    } else {
        return false;
    }
    return true;
}

/* Of members: seats, keys, nodes. */
static bool member_words(uint64_t kind, const void *body, struct buf *what, struct buf *about)
{
    if (kind == KIND_HOLDER) {
        const struct holder *p = body;
        buf_printf(what, "have ");
        put_keys(&p->keys, what);
        buf_printf(what, "%s hold", HAS(p, holder_key_alternates) ? ", with its alternates," : "");
        buf_put_span(about, p->seat);
    } else if (kind == KIND_KEY) {
        buf_printf(what, "revoke key %s", sshpub_fingerprint(&((const struct key *)body)->key).s);
    } else if (kind == KIND_RECOVER) {
        buf_printf(what, "announce a recovery of");
        buf_put_span(about, ((const struct recover *)body)->org);
    } else if (kind == KIND_REGISTRAR) {
        const struct registrar *p = body;
        buf_printf(what, p->act == REGISTRAR_CANCEL ? "cancel a recovery" : "have the registrar's seat held by ");
        if (p->act != REGISTRAR_CANCEL)
            put_keys(&p->keys, what);
    } else {
        return false;
    }
    return true;
}

static const void *body_of(const struct leaf *leaf, struct arena *a)
{
    const struct record_desc *d = kind_desc((uint32_t)leaf->entry.kind);
    void *body = d == NULL ? NULL : arena_alloc(a, d->size);
    return body != NULL && codec_decode(d, leaf->entry.body, a, body, NULL) == ST_OK ? body : NULL;
}

void cli_entry_words(const struct leaf *leaf, struct arena *a, struct buf *what, struct buf *about)
{
    uint64_t kind = leaf->entry.kind;
    const void *body = body_of(leaf, a);
    const char *name = enum_text(&kind_enum, (uint32_t)kind);
    if (body == NULL || !(decision_words(kind, body, what, about) || item_words(kind, body, what, about) ||
                          meeting_words(kind, body, what, about) || member_words(kind, body, what, about)))
        buf_printf(what, "%s", name == NULL ? "?" : name);
}

/* What it does, as its reader would type it; of a proposal, all that it says. */
static void print_words(struct cli *c, const struct leaf *leaf, const struct submission *s)
{
    struct buf what CLEANUP(buf_deinit), about CLEANUP(buf_deinit), all CLEANUP(buf_deinit);
    const void *body = body_of(leaf, &c->a);
    const struct proposal *p = NULL;
    buf_init(&what, 1 << 16);
    buf_init(&about, 1 << 16);
    buf_init(&all, 2 << 20);
    cli_entry_words(leaf, &c->a, &what, &about);
    (void)printf("does      %s%s%s\n", buf_cstr(&what), about.n == 0 ? "" : " ", buf_cstr(&about));
    if (body != NULL && leaf->entry.kind == KIND_BALLOT)
        (void)printf("revision  sha256:%s\n", hex_of(&((const struct ballot *)body)->decision.digest).s);
    if (body != NULL && leaf->entry.kind == KIND_ITEM)
        (void)printf("title     %.*s\n",
                     SPAN_FMT(cli_find_prose(&(struct cli_texts){s->prose.n, s->prose.v, span_str("(text absent)")},
                                             &((const struct item *)body)->title)));
    if (body != NULL && leaf->entry.kind == KIND_PROPOSE)
        p = &((const struct propose *)body)->proposal;
    if (body != NULL && leaf->entry.kind == KIND_REVISE)
        p = &((const struct revise *)body)->proposal;
    if (p == NULL)
        return;
    cli_render_proposal(c, p, &(struct cli_texts){s->prose.n, s->prose.v, span_str("(text absent)")}, &all);
    (void)fputs(buf_cstr(&all), stdout);
}

int verb_entry_show(struct cli *c)
{
    struct submission s;
    struct leaf leaf;
    struct span bytes;
    if (read_saved(c, &s, &leaf, &bytes) != ST_OK)
        return cli_fail(c);
    struct public_key key = {.alg = leaf.signature.alg, .key = leaf.signature.key};
    bool good = leaf_verify(&leaf) == ST_OK;
    if (c->json) {
        int code = cli_json(c, &entry_desc, &leaf.entry);
        return good ? code : EXIT_BAD;
    }
    (void)printf("entry     sha256:%s\nkind      %s\nseat      %.*s\nkey       %s\nsigned    %s\nexpires   "
                 "%s\nbasis     tree of %" PRIu64 " leaves\nsignature %s\n",
                 hex_of(&leaf.id).s, enum_text(&kind_enum, (uint32_t)leaf.entry.kind),
                 SPAN_FMT(leaf.entry.seat), sshpub_fingerprint(&key).s, cli_time(leaf.entry.at_ms).s,
                 cli_time(leaf.entry.expires_ms).s, leaf.entry.basis.size,
                 good ? "verifies" : "DOES NOT VERIFY");
    print_words(c, &leaf, &s);
    for (size_t i = 0; i < s.prose.n; i++) {
        (void)printf("text      ");
        cli_prose(stdout, "          ", s.prose.v[i].text);
    }
    return good ? EXIT_DONE : EXIT_BAD;
}

int verb_entry_export(struct cli *c)
{
    struct submission s;
    struct leaf leaf;
    struct span bytes;
    struct buf sig CLEANUP(buf_deinit), signers CLEANUP(buf_deinit);
    buf_init(&sig, 8192);
    buf_init(&signers, 8192);
    char seat[160];
    if (c->out == NULL)
        return cli_usage(c, "entry export needs -o DIR");
    if (read_saved(c, &s, &leaf, &bytes) != ST_OK)
        return cli_fail(c);
    sshsig_write(&leaf.signature, SSHSIG_ENTRY, &sig);
    (void)snprintf(seat, sizeof seat, "%.*s", SPAN_FMT(leaf.entry.seat));
    struct sshpub_signer who = {.principal = seat,
                                .namespaces = SSHSIG_ENTRY,
                                .key = {.alg = leaf.signature.alg, .key = leaf.signature.key}};
    enum status st = sshpub_allowed_signer(&who, &signers, &c->err);
    (void)mkdir(c->out, 0755);
    if (st == ST_OK)
        st = file_write(file_join(&c->a, c->out, "entry"), leaf.entry_bytes, 0644, true, &c->err);
    if (st == ST_OK)
        st = file_write(file_join(&c->a, c->out, "entry.sig"), buf_span(&sig), 0644, true, &c->err);
    if (st == ST_OK)
        st = file_write(file_join(&c->a, c->out, "allowed_signers"), buf_span(&signers), 0644, true, &c->err);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &signature_desc, &leaf.signature);
    (void)printf(
        "ssh-keygen -Y verify -f %s/allowed_signers -I %s -n entry@entente -s %s/entry.sig < %s/entry\n",
        c->out, seat, c->out, c->out);
    return EXIT_DONE;
}
