/* share grant, receive, revoke, return, audit; and the effect of a decision that lets a class be shared. */
#include "charter/charter.h"
#include "charter/scalar.h"
#include "cli/cli.h"
#include "gov/item_id.h"

enum { PAGE = 500 };

static enum status date(struct cli *c, const char *option, const char *text, uint64_t *ret)
{
    if (scalar_date(span_str(text), ret))
        return ST_OK;
    return err_set(&c->err, ST_USAGE, "%s %s: expected a date, for instance 2026-12-31", option, text);
}

/* --content: the SHA-256 of the file; the file stays here. */
static enum status content_digest(struct cli *c, struct hash *ret)
{
    bool root = c->content[0] == '/';
    struct charter_files files = charter_files_in(root ? "/" : ".");
    return files.document(files.ctx, span_str(root ? c->content + 1 : c->content), ret, &c->err);
}

/* --- What is signed was checked here first --- */

static bool same_audience(const struct span_list *x, const struct state_grant *s)
{
    bool same = x->n == s->audience.n;
    for (size_t i = 0; same && i < x->n; i++)
        same = span_eq(x->v[i], s->audience.v[i].org);
    return same;
}

/* The grant in the entry's own bytes, which must be what the node says. */
static enum status check_grant(struct cli *c, const struct state_grant *s, struct cli_leaf *ret)
{
    char what[32];
    struct grant g;
    (void)snprintf(what, sizeof what, "G-%" PRIu64, s->number);
    enum status st = cli_prove(c, what, &s->id, s->granted.leaf, ret);
    if (st != ST_OK)
        return st;
    const struct entry *e = &ret->leaf.entry;
    bool content = HAS(s, state_grant_key_content);
    st = e->kind == KIND_GRANT ? codec_decode(&grant_desc, e->body, &c->a, &g, &c->err) : ST_FORMAT;
    if (st == ST_OK && span_eq(g.info_class, s->info_class) && span_eq(e->seat, s->granted.seat) &&
        g.until == s->until && same_audience(&g.audience, s) && hash_eq(&g.title, &s->title) &&
        hash_eq(&g.purpose, &s->purpose) && content == HAS(&g, grant_key_content) &&
        (!content || hash_eq(&g.content, &s->content)))
        return ST_OK;
    return err_set(&c->err, ST_BADSIG, "%s: the entry on record does not say what the node says. Nothing was signed", what);
}

static enum status fetch(struct cli *c, uint64_t number, struct query_grant *q, struct cli_leaf *leaf)
{
    enum status st = cli_grant_of(c, number, q);
    return st == ST_OK ? check_grant(c, &q->grant, leaf) : st;
}

static void describe(const struct query_grant *q, const struct cli_leaf *leaf, struct buf *b)
{
    const struct state_grant *s = &q->grant;
    buf_printf(b, "G-%" PRIu64 " %.*s: ", s->number, SPAN_FMT(s->info_class));
    cli_indented(b, cli_find_prose(&leaf->prose, &s->title), "");
    buf_printf(b, "  shared by %.*s with", SPAN_FMT(s->granted.seat));
    for (size_t i = 0; i < s->audience.n; i++)
        buf_printf(b, "%s %.*s", i == 0 ? "" : ",", SPAN_FMT(s->audience.v[i].org));
    buf_printf(b, " until %.10s\n  for ", time_utc(s->until * 86400000).s);
    cli_indented(b, cli_find_prose(&leaf->prose, &s->purpose), "");
    if (HAS(s, state_grant_key_content))
        buf_printf(b, "  content sha256:%s\n", hex_of(&s->content).s);
    if (s->derived > 0)
        buf_printf(b, "  %" PRIu64 " grants were derived from it\n", s->derived);
    buf_printf(b, "  sha256:%s\n", hex_of(&s->id).s);
}

/* --- grant --- */

/* The decision that it rests on, as it stands, its bytes checked here. */
static enum status consent_given(struct cli *c, struct grant *g)
{
    struct cli_seen seen;
    uint64_t n;
    if (!cli_decision(c->consent, &n))
        return err_set(&c->err, ST_USAGE, "--consent %s: expected a decision, for instance D-12", c->consent);
    enum status st = cli_fetch(c, n, &seen);
    if (st != ST_OK)
        return st;
    g->consent = (struct ref){.number = n, .digest = seen.q.decision.digest};
    SET_HAS(g, grant_key_consent);
    return ST_OK;
}

/* "G-1,G-4", put in order. */
static enum status derived_given(struct cli *c, struct grant *g)
{
    struct span_list words;
    cli_split(c, c->derived, &words);
    g->derived_from.v = arena_array(&c->a, words.n + 1, sizeof *g->derived_from.v);
    for (size_t i = 0; i < words.n; i++) {
        const char *word = charter_text(&c->a, "%.*s", SPAN_FMT(words.v[i]));
        struct query_grant q;
        struct cli_leaf leaf;
        uint64_t n;
        if (word == NULL || !cli_grant_id(word, &n))
            return err_set(&c->err, ST_USAGE, "--derived %.*s: expected grants, for instance G-1,G-4",
                           SPAN_FMT(words.v[i]));
        enum status st = fetch(c, n, &q, &leaf);
        if (st != ST_OK)
            return st;
        size_t at = g->derived_from.n++;
        for (; at > 0 && g->derived_from.v[at - 1].number > n; at--)
            g->derived_from.v[at] = g->derived_from.v[at - 1];
        g->derived_from.v[at] = (struct ref){.number = n, .digest = q.grant.id};
    }
    SET_HAS(g, grant_key_derived_from);
    return ST_OK;
}

static enum status fill(struct cli *c, struct grant *g, struct cli_prose_list *prose)
{
    g->info_class = span_str(c->info_class);
    cli_split(c, c->with, &g->audience);
    enum status st = text_check(span_str(c->title), false, &c->err);
    if (st != ST_OK)
        return err_wrap(&c->err, ST_USAGE, "--title: ");
    st = date(c, "--until", c->until, &g->until);
    if (st == ST_OK)
        st = cli_detach(c, prose, c->title, &g->title);
    if (st == ST_OK)
        st = cli_detach(c, prose, c->purpose, &g->purpose);
    if (st == ST_OK && c->content != NULL) {
        st = content_digest(c, &g->content);
        SET_HAS(g, grant_key_content);
    }
    if (c->scope != NULL) {
        g->scope = span_str(c->scope);
        SET_HAS(g, grant_key_scope);
    }
    if (st == ST_OK)
        st = cli_connect(c);
    if (st == ST_OK && c->consent != NULL)
        st = consent_given(c, g);
    if (st == ST_OK && c->derived != NULL)
        st = derived_given(c, g);
    return st;
}

static void describe_new(struct cli *c, const struct grant *g, struct buf *b)
{
    buf_printf(b, "shares    %s: %s\nwith     ", c->info_class, c->title);
    for (size_t i = 0; i < g->audience.n; i++)
        buf_printf(b, "%s %.*s", i == 0 ? "" : ",", SPAN_FMT(g->audience.v[i]));
    buf_printf(b, "\nfor       %s\nuntil     %.10s, then to be returned or destroyed\n", c->purpose,
               time_utc(g->until * 86400000).s);
    if (HAS(g, grant_key_content))
        buf_printf(b, "content   sha256:%s; the file stays here, send it yourself\n", hex_of(&g->content).s);
    else
        buf_printf(b, "content   none: a standing flow\n");
    if (HAS(g, grant_key_consent))
        buf_printf(b, "rests on  D-%" PRIu64 "\n", g->consent.number);
    for (size_t i = 0; i < g->derived_from.n; i++)
        buf_printf(b, "%s G-%" PRIu64 "%s", i == 0 ? "derived from" : ",", g->derived_from.v[i].number,
                   i + 1 == g->derived_from.n ? "\n" : "");
}

/* The grant that a leaf made; it is among the newest. */
static enum status made_at(struct cli *c, uint64_t leaf, struct query_grant *ret)
{
    struct rpc_range q = {.from = 1, .count = PAGE};
    struct query_grants r = {.more = true};
    while (r.more) {
        enum status st = cli_ask(c, METHOD_grants, &q, &r);
        if (st != ST_OK)
            return st;
        for (size_t i = 0; i < r.list.n; i++) {
            q.from = r.list.v[i].grant.number + 1;
            if (r.list.v[i].grant.granted.leaf == leaf) {
                *ret = r.list.v[i];
                return ST_OK;
            }
        }
    }
    return err_set(&c->err, ST_NOTFOUND, "the grant is final, and the node does not list it yet; see: entente share list");
}

/* The charter has the class, and lets all of them have it: before anything is shown, and asked. */
static enum status may_be_shared(struct cli *c, const struct grant *g, bool *ret_never)
{
    struct query_share_map map;
    const struct query_share_row *row = NULL;
    *ret_never = false;
    enum status st = cli_ask(c, METHOD_share_map, NULL, &map);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < map.rows.n; i++)
        if (map.rows.v[i].in_charter && span_eq(map.rows.v[i].info_class, g->info_class))
            row = &map.rows.v[i];
    if (row == NULL)
        return err_set(&c->err, ST_REFUSED, "the charter has no class %.*s of what may be shared; see: entente share map", SPAN_FMT(g->info_class));
    for (size_t i = 0; i < row->cells.n; i++) {
        const struct query_share_cell *cell = &row->cells.v[i];
        bool with = false;
        for (size_t k = 0; k < g->audience.n; k++)
            with = with || span_eq(g->audience.v[k], cell->org);
        *ret_never = with && cell->may == MAY_CANNOT;
        if (*ret_never)
            return err_set(&c->err, ST_REFUSED, "sharing.%.*s: it cannot be shared with %.*s", SPAN_FMT(g->info_class), SPAN_FMT(cell->org));
        if (with && cell->may == MAY_COULD && !HAS(g, grant_key_consent))
            return err_set(&c->err, ST_REFUSED,
                           "sharing.%.*s: it could be shared with %.*s by a data-sharing decision; name the one it rests on: --consent D-n",
                           SPAN_FMT(g->info_class), SPAN_FMT(cell->org));
    }
    return ST_OK;
}

int verb_share_grant(struct cli *c)
{
    struct grant g = {0};
    struct query_grant q;
    struct cli_prose_list prose = {0};
    struct buf b CLEANUP(buf_deinit);
    uint64_t leaf = 0;
    bool never = false;
    buf_init(&b, 1 << 20);
    if (c->n != 0 || c->info_class == NULL || c->with == NULL || c->title == NULL || c->purpose == NULL || c->until == NULL)
        return cli_usage(c, "share grant needs a class, partners, a title, a purpose and a day: entente share grant --class "
                            "sell-out-data --with brand,maker --title \"Sell-out 2026\" --purpose \"demand planning\" "
                            "--until 2026-12-31");
    if (fill(c, &g, &prose) != ST_OK || may_be_shared(c, &g, &never) != ST_OK) {
        int no = cli_fail(c);
        return never ? EXIT_FORBIDDEN : no;
    }
    describe_new(c, &g, &b);
    int code = cli_agree(c, &b, "Share it? [y/N] ");
    if (code == EXIT_DONE)
        code = cli_enter_as(c, NULL, KIND_GRANT, &g, &prose, &leaf);
    if (code != EXIT_DONE)
        return code;
    if (c->save != NULL) {
        if (c->json)
            cli_print_outcome(c, 0, NULL);
        return code;
    }
    if (made_at(c, leaf, &q) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_grant_desc, &q);
    (void)printf("G-%" PRIu64 " is in force until %.10s. Whoever gets it says so: entente share receive G-%" PRIu64 "%s\n",
                 q.grant.number, time_utc(g.until * 86400000).s, q.grant.number,
                 HAS(&g, grant_key_content) ? " --content FILE" : "");
    return EXIT_DONE;
}

/* --- receive, revoke, return, audit --- */

static enum status text_given(struct cli *c, const char *text, struct grant_move *m, struct cli_prose_list *prose)
{
    if (text == NULL)
        return ST_OK;
    SET_HAS(m, grant_move_key_text);
    return cli_detach(c, prose, text, &m->text);
}

static int say(struct cli *c, const struct query_grant *q)
{
    struct query_grant now;
    if (c->save != NULL) {
        if (c->json)
            cli_print_outcome(c, 0, NULL);
        return EXIT_DONE;
    }
    if (cli_grant_of(c, q->grant.number, &now) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_grant_desc, &now);
    const struct state_grant *s = &now.grant;
    (void)printf("G-%" PRIu64 " is %s:", s->number, enum_text(&grant_standing_enum, s->standing));
    for (size_t i = 0; i < s->audience.n; i++)
        (void)printf("%s %.*s %s", i == 0 ? "" : ",", SPAN_FMT(s->audience.v[i].org),
                     enum_text(&holding_enum, s->audience.v[i].holding));
    (void)printf(".\n");
    return EXIT_DONE;
}

/* The grant named, shown, the question asked, signed. */
static int move(struct cli *c, struct grant_move *m, uint64_t number, const struct cli_prose_list *prose,
                const char *question)
{
    struct query_grant q;
    struct cli_leaf leaf;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (fetch(c, number, &q, &leaf) != ST_OK)
        return cli_fail(c);
    if (m->act == GRANT_ACT_RECEIVE && HAS(m, grant_move_key_content) && HAS(&q.grant, state_grant_key_content) &&
        !hash_eq(&m->content, &q.grant.content))
        return err_set(&c->err, ST_BADSIG,
                       "%s has the SHA-256 %s, and G-%" PRIu64 " shares %s: it is not what was shared. Nothing was signed",
                       c->content, hex_of(&m->content).s, number, hex_of(&q.grant.content).s),
               cli_fail(c);
    m->grant = (struct ref){.number = number, .digest = q.grant.id};
    describe(&q, &leaf, &b);
    int code = cli_agree(c, &b, question);
    if (code == EXIT_DONE)
        code = cli_enter_as(c, m->act == GRANT_ACT_REVOKE ? &q.granters : NULL, KIND_GRANT_MOVE, m, prose, NULL);
    return code == EXIT_DONE ? say(c, &q) : code;
}

int verb_share_receive(struct cli *c)
{
    struct grant_move m = {.act = GRANT_ACT_RECEIVE};
    struct cli_prose_list prose = {0};
    uint64_t number;
    if (c->n != 1 || !cli_grant_id(c->words[0], &number))
        return cli_usage(c, "share receive needs a grant's id, and the file that arrived: entente share receive G-3 "
                            "--content sell-out.csv");
    enum status st = cli_text_given(c);
    if (st == ST_OK)
        st = text_given(c, c->text, &m, &prose);
    if (st == ST_OK && c->content != NULL) {
        st = content_digest(c, &m.content);
        SET_HAS(&m, grant_move_key_content);
    }
    return st == ST_OK ? move(c, &m, number, &prose, "Say that it arrived? [y/N] ") : cli_fail(c);
}

int verb_share_revoke(struct cli *c)
{
    struct grant_move m = {.act = GRANT_ACT_REVOKE};
    struct cli_prose_list prose = {0};
    uint64_t number;
    if (c->n != 1 || !cli_grant_id(c->words[0], &number))
        return cli_usage(c, "share revoke needs a grant's id: entente share revoke G-3 --reason TEXT");
    enum status st = cli_reason(c);
    if (st == ST_OK && c->reason == NULL)
        return cli_usage(c, "to revoke needs a reason: --reason TEXT or --reason-file FILE");
    if (st == ST_OK)
        st = text_given(c, c->reason, &m, &prose);
    return st == ST_OK ? move(c, &m, number, &prose, "Revoke it, and what was derived from it? [y/N] ") : cli_fail(c);
}

int verb_share_return(struct cli *c)
{
    struct grant_move m = {.act = c->destroyed ? GRANT_ACT_DESTROY : GRANT_ACT_RETURN};
    struct cli_prose_list prose = {0};
    uint64_t number;
    if (c->n != 1 || !cli_grant_id(c->words[0], &number))
        return cli_usage(c, "share return needs a grant's id: entente share return G-3, or with --destroyed");
    enum status st = cli_text_given(c);
    if (st == ST_OK)
        st = text_given(c, c->text, &m, &prose);
    if (st == ST_OK && cli_names_documents(c)) {
        st = cli_documents(c, &m.documents);
        SET_HAS(&m, grant_move_key_documents);
    }
    return st == ST_OK ? move(c, &m, number, &prose,
                              c->destroyed ? "Say that it was destroyed? [y/N] " : "Say that it was returned? [y/N] ")
                       : cli_fail(c);
}

int verb_share_audit(struct cli *c)
{
    struct grant_move m = {.act = GRANT_ACT_AUDIT};
    struct cli_prose_list prose = {0};
    struct item_ref ref;
    uint64_t number;
    if (c->n != 1 || !cli_grant_id(c->words[0], &number) || c->request == NULL)
        return cli_usage(c, "share audit needs a grant's id and a request: entente share audit G-3 --request Q-2. A request "
                            "is made before: entente request new");
    if (!item_id_parse(c->request, &ref) || ref.type != ITEM_REQUEST)
        return cli_usage(c, "--request %s: expected a request, for instance Q-2", c->request);
    m.request = ref.number;
    SET_HAS(&m, grant_move_key_request);
    return move(c, &m, number, &prose, "Audit it by this request? [y/N] ");
}

/* --- A decision that lets a class be shared --- */

enum status cli_share_effect(struct cli *c, struct effect *e)
{
    if (c->info_class == NULL || c->with == NULL || c->until == NULL)
        return err_set(&c->err, ST_USAGE,
                       "what may be shared is proposed with --class signal-data --with maker --until 2027-12-31: the class, the "
                       "partners that it may be shared with, and the last day");
    *e = (struct effect){.type = EFFECT_SHARE, .info_class = span_str(c->info_class)};
    cli_split(c, c->with, &e->audience);
    SET_HAS(e, effect_key_info_class);
    SET_HAS(e, effect_key_audience);
    SET_HAS(e, effect_key_until);
    return date(c, "--until", c->until, &e->until);
}
