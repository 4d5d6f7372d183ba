/* Plans laid out as items. The charter's launch plan: a milestone for each day of it, an action for each goal, a milestone
 * for each gate, and an item for each assumption of the thesis; the findings of a dossier; and the tasks of the unwind plan.
 * What is there already, by its title (an assumption: by its name), is left alone. */
#include "charter/calendar.h"
#include "charter/charter_model.h"
#include "charter/scalar.h"
#include "cli/cli_item.h"
#include "dossier/dossier.h"
#include "dossier/form.h"

enum { WHOLE_LIST = 1000, TITLE_MAX = 200 };

struct step {
    enum item_type type;
    const char *title;
    uint64_t due;             /* 0: none of its own */
    struct span name;         /* of the gate or assumption that it is about; else empty */
    struct span owner;        /* whom it is offered to; else empty */
    const char *text;         /* in full; else NULL */
    const struct step *under; /* the milestone that an action is linked to; else NULL */
    uint64_t decision;        /* that it is linked to; 0: none */
    bool late;                /* its day is over, and it is not opened any more */
    struct item_ref item;     /* number 0: not there yet */
};

struct plan {
    size_t n;
    struct step *v;
    uint64_t today;
};

/* What of the thesis the item is about. A list does not tell. */
static enum status assumption_of(struct cli *c, const struct query_item_line *line, struct span *ret_name)
{
    struct query_item q;
    *ret_name = span_str("");
    if (line->item.type != ITEM_ASSUMPTION)
        return ST_OK;
    enum status st = cli_ask(c, METHOD_item, &line->item, &q);
    if (st == ST_OK && HAS(&q.item.item, item_key_name))
        *ret_name = q.item.item.name;
    return st;
}

/* Is this item a step? Titles are salted (ENT-8), so it is the text that is compared. */
static enum status match(struct cli *c, struct plan *p, const struct query_item_line *line)
{
    struct span title = cli_title_at(c, line->leaf, &line->title), name;
    enum status st = assumption_of(c, line, &name);
    if (st != ST_OK)
        return st;
    for (size_t k = 0; k < p->n; k++) {
        struct step *s = &p->v[k];
        if (s->type != (enum item_type)line->item.type)
            continue;
        if (s->type == ITEM_ASSUMPTION ? span_eq(name, s->name) : span_eqs(title, s->title))
            s->item = line->item;
    }
    return ST_OK;
}

/* All items of a type: those with the title of a step; or, with opened, the one that its leaf opened. By
 * pages. */
static enum status find_present(struct cli *c, struct plan *p, enum item_type type, struct step *opened,
                                uint64_t leaf)
{
    struct query_items r = {.more = true};
    for (uint64_t from = 1; r.more;) {
        struct rpc_items q = {.type = type, .from = from, .count = WHOLE_LIST, .live = false};
        enum status st = cli_ask(c, METHOD_items, &q, &r);
        if (st != ST_OK)
            return st;
        for (size_t i = 0; st == ST_OK && i < r.list.n; i++) {
            const struct query_item_line *line = &r.list.v[i];
            from = line->item.number + 1;
            if (opened == NULL && !HAS(line, query_item_line_key_about))
                st = match(c, p, line);
            else if (opened != NULL && line->leaf == leaf)
                opened->item = line->item;
        }
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static struct step *add(struct cli *c, struct plan *p, enum item_type type, uint64_t due, const char *title)
{
    struct step *s = &p->v[p->n++];
    *s = (struct step){.type = type, .due = due, .late = due != 0 && due < p->today};
    s->title = (const char *)arena_dup(&c->a, span_of(title, strnlen(title, TITLE_MAX))).p;
    return s;
}

/* A title of at most 200 bytes, cut at a character. */
static void put_title(char *ret, const char *lead, struct span text)
{
    int n = snprintf(ret, TITLE_MAX + 1, "%s", lead);
    size_t room = TITLE_MAX - (size_t)n, cut = text.n < room ? text.n : room;
    while (cut < text.n && cut > 0 && (text.p[cut] & 0xc0) == 0x80)
        cut--;
    memcpy(ret + n, text.p, cut);
    ret[(size_t)n + cut] = 0;
}

static void lay_out_launch(struct cli *c, const struct charter_launch *l, uint64_t founded_day, struct plan *p)
{
    char lead[40], title[TITLE_MAX + 1];
    for (size_t i = 0; i < l->days.n; i++) {
        const struct charter_launch_day *d = &l->days.v[i];
        (void)snprintf(title, sizeof title, "Launch, day %" PRIu64, d->day);
        const struct step *m = add(c, p, ITEM_MILESTONE, founded_day + d->day, title);
        (void)snprintf(lead, sizeof lead, "Launch, day %" PRIu64 ": ", d->day);
        for (size_t k = 0; k < d->goals.n; k++) {
            put_title(title, lead, d->goals.v[k]);
            add(c, p, ITEM_ACTION, m->due, title)->under = m;
        }
    }
    for (size_t i = 0; i < l->gates.n; i++) { /* a gate has no day of its own: that of the plan's end */
        const struct charter_gate *g = &l->gates.v[i];
        uint64_t last = l->days.n == 0 ? 90 : l->days.v[l->days.n - 1].day;
        (void)snprintf(lead, sizeof lead, "%.*s: before ", g->name.n > 20 ? 20 : (int)g->name.n, g->name.p);
        put_title(title, lead, g->before);
        add(c, p, ITEM_MILESTONE, founded_day + last, title)->name = g->name;
    }
}

/* The charter in force, as far as a plan needs it. */
struct plan_charter {
    struct charter_alliance alliance;
    struct charter_calendars calendars;
    struct charter_decisions decisions;
    struct charter_launch launch;
    struct charter_thesis thesis;
    bool has_launch, has_thesis;
};

/* An assumption that came into the thesis later, so that its day is over, has the time that the rules give (ITM-5). */
static void lay_out_thesis(struct cli *c, const struct plan_charter *in, struct plan *p)
{
    for (size_t i = 0; i < in->thesis.assumptions.n; i++) {
        const struct charter_assumption *x = &in->thesis.assumptions.v[i];
        char title[TITLE_MAX + 1], lead[80];
        uint64_t end, day = 0;
        bool beyond;
        (void)snprintf(lead, sizeof lead, "%.*s: ", SPAN_FMT(x->name));
        put_title(title, lead, x->test);
        if (calendar_deadline(&in->calendars, in->decisions.calendar, in->alliance.founded_ms, &x->due, &end, &beyond) != ST_OK ||
            calendar_day(&in->calendars, in->decisions.calendar, end - 1, &day) != ST_OK || day <= p->today)
            day = 0;
        struct step *s = add(c, p, ITEM_ASSUMPTION, day, title);
        s->name = x->name;
        s->owner = x->owner;
        s->text = (const char *)arena_dup(&c->a, x->test).p;
    }
}

static enum status read_plan(struct cli *c, struct plan *p)
{
    struct plan_charter in = {0};
    bool is;
    uint64_t founded_day = 0;
    enum status st = cli_in_force(c, SECTION_LAUNCH, &in.launch, &in.has_launch);
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_THESIS, &in.thesis, &in.has_thesis);
    if (st == ST_OK && !in.has_launch && in.thesis.assumptions.n == 0)
        return err_set(&c->err, ST_NOTFOUND,
                       "the charter has no launch plan, and no thesis with assumptions; add section launch: entente propose "
                       "charter-policy --amend launch");
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_ALLIANCE, &in.alliance, &is);
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_CALENDARS, &in.calendars, &is);
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_DECISIONS, &in.decisions, &is);
    if (st == ST_OK)
        st = cli_day_of(c, in.alliance.founded_ms, &founded_day);
    if (st == ST_OK)
        st = cli_day_of(c, clock_wall_ms(&clock_system), &p->today);
    if (st != ST_OK)
        return st;
    size_t room = in.launch.gates.n + in.thesis.assumptions.n;
    for (size_t i = 0; i < in.launch.days.n; i++)
        room += 1 + in.launch.days.v[i].goals.n;
    p->v = arena_array(&c->a, room + 1, sizeof *p->v);
    lay_out_launch(c, &in.launch, founded_day, p);
    lay_out_thesis(c, &in, p);
    st = find_present(c, p, ITEM_MILESTONE, NULL, 0);
    if (st == ST_OK)
        st = find_present(c, p, ITEM_ACTION, NULL, 0);
    return st == ST_OK ? find_present(c, p, ITEM_ASSUMPTION, NULL, 0) : st;
}

/* A title has one line. */
static struct span one_line(struct cli *c, struct span text)
{
    uint8_t *p = arena_alloc(&c->a, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        p[i] = text.p[i] < ' ' ? ' ' : text.p[i];
    return span_of(p, text.n);
}

/* The findings of a dossier: what was found, and what is done about it. */
static enum status read_diligence(struct cli *c, const char *path, struct plan *p)
{
    struct dossier d;
    struct span bytes;
    enum status st = cli_dossier_load(c, path, &d, &bytes);
    if (st != ST_OK)
        return st;
    const struct yaml_node *list = form_get(d.root, "diligence"), *v = list == NULL ? NULL : list->first;
    if (v == NULL)
        return err_set(&c->err, ST_NOTFOUND, "%s has no findings of due diligence", path);
    p->v = arena_array(&c->a, list->n + 1, sizeof *p->v);
    for (; v != NULL; v = v->next) {
        char title[TITLE_MAX + 1];
        struct span found = form_text(v, "found"), mitigation = form_text(v, "mitigation");
        const char *lead = charter_text(&c->a, "%.*s, %.*s: ", SPAN_FMT(form_text(v, "about")), SPAN_FMT(form_text(v, "area")));
        if (found.n == 0)
            return err_set(&c->err, ST_FORMAT, "%s:%d:%d: diligence.%.*s: what was found is missing", path, v->key->line,
                           v->key->column, SPAN_FMT(v->key->text));
        put_title(title, lead, one_line(c, found));
        add(c, p, ITEM_FINDING, 0, title)->text =
            charter_text(&c->a, "%.*s%s%s%.*s", SPAN_FMT(found), form_is(v, "red-flag", "yes") ? "\nRed flag." : "",
                         mitigation.n > 0 ? "\nMet by: " : "", SPAN_FMT(mitigation));
    }
    return find_present(c, p, ITEM_FINDING, NULL, 0);
}

/* What an exit or a removal sets off, from when it passed: so that the notice is used. */
static enum status leaving(struct cli *c, const char *word, struct state_decision *ret)
{
    struct rpc_number q;
    struct query_decision d;
    if (!cli_decision(word, &q.number))
        return err_set(&c->err, ST_USAGE, "%s: expected the decision by which a partner leaves, such as D-31", word);
    enum status st = cli_ask(c, METHOD_decision, &q, &d);
    if (st != ST_OK)
        return st;
    *ret = d.decision;
    if (!span_eqs(ret->type, "exit") && !span_eqs(ret->type, "removal"))
        return err_set(&c->err, ST_USAGE, "D-%" PRIu64 " is of the row %.*s; the unwind plan goes with an exit or a removal", q.number,
                       SPAN_FMT(ret->type));
    if ((ret->phase != PHASE_PASSED && ret->phase != PHASE_EFFECTIVE) || !HAS(ret, state_decision_key_passed_ms))
        return err_set(&c->err, ST_NOTFOUND, "D-%" PRIu64 " is %s; the unwind plan is laid out once it has passed", q.number,
                       enum_text(&phase_enum, ret->phase));
    return ST_OK;
}

/* Is it a seat of the partner that leaves? */
static bool is_of(struct span seat, const struct state_decision *d)
{
    struct span of = HAS(d, state_decision_key_partner) ? d->partner : d->mover;
    const uint8_t *slash = memchr(of.p, '/', of.n);
    size_t n = slash == NULL ? of.n : (size_t)(slash - of.p);
    return seat.n > n && seat.p[n] == '/' && memcmp(seat.p, of.p, n) == 0;
}

static enum status read_unwind(struct cli *c, const char *word, struct plan *p)
{
    struct state_decision d = {0};
    struct charter_exit out = {0};
    struct charter_calendars calendars;
    struct charter_decisions decisions;
    bool is, any = false;
    enum status st = leaving(c, word, &d);
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_EXIT, &out, &any);
    if (st == ST_OK && out.unwind.n == 0)
        return err_set(&c->err, ST_NOTFOUND, "the charter has no unwind plan; add it to section exit: entente propose charter-core --amend exit");
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_CALENDARS, &calendars, &is);
    if (st == ST_OK)
        st = cli_in_force(c, SECTION_DECISIONS, &decisions, &is);
    if (st == ST_OK)
        st = cli_day_of(c, clock_wall_ms(&clock_system), &p->today);
    if (st != ST_OK)
        return st;
    p->v = arena_array(&c->a, out.unwind.n + 1, sizeof *p->v);
    for (size_t i = 0; i < out.unwind.n; i++) {
        const struct charter_unwind_task *t = &out.unwind.v[i];
        char title[TITLE_MAX + 1], lead[40];
        uint64_t end, day = 0;
        bool beyond;
        (void)snprintf(lead, sizeof lead, "Unwind by D-%" PRIu64 ": ", d.number);
        put_title(title, lead, t->task);
        if (calendar_deadline(&calendars, decisions.calendar, d.passed_ms, &t->within, &end, &beyond) != ST_OK ||
            calendar_day(&calendars, decisions.calendar, end - 1, &day) != ST_OK)
            day = 0;
        struct step *s = add(c, p, ITEM_ACTION, day, title);
        s->decision = d.number;
        if (d.phase != PHASE_EFFECTIVE || !is_of(t->owner, &d)) /* who has left owns nothing any more */
            s->owner = t->owner;
    }
    return find_present(c, p, ITEM_ACTION, NULL, 0);
}

static void item_text(const struct step *s, char *ret, size_t cap)
{
    (void)snprintf(ret, cap, "%s", item_id(s->type, s->item.number).s);
}

/* How many steps are to be opened. */
static size_t put_plan(const struct plan *p, struct buf *b)
{
    size_t todo = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct step *s = &p->v[i];
        char id[32] = "new";
        if (s->item.number != 0)
            item_text(s, id, sizeof id);
        else if (s->late)
            (void)snprintf(id, sizeof id, "over");
        buf_printf(b, "  %-5s %-10s ", id, enum_text(&item_type_enum, s->type));
        if (s->due != 0)
            scalar_print_date(s->due, b);
        else
            buf_printf(b, "%-10s", s->type == ITEM_ASSUMPTION ? "in 90 days" : "");
        buf_printf(b, "  %s\n", s->title);
        todo += s->item.number == 0 && !s->late;
    }
    return todo;
}

static int open_step(struct cli *c, const struct cli_signer *signer, struct span seat, struct plan *p,
                     struct step *s)
{
    struct item r = {.type = s->type, .due = s->due, .name = s->name, .owner = s->owner};
    struct item_link link = {0};
    struct cli_prose_list prose = {0};
    if (s->due != 0)
        SET_HAS(&r, item_key_due);
    if (s->name.n > 0)
        SET_HAS(&r, item_key_name);
    if (s->owner.n > 0 && !span_eq(s->owner, seat))
        SET_HAS(&r, item_key_owner);
    if (s->under != NULL && s->under->item.number != 0) {
        link.item = s->under->item;
        SET_HAS(&link, item_link_key_item);
        r.links = (struct item_link_list){1, &link};
        SET_HAS(&r, item_key_links);
    } else if (s->decision != 0) {
        link.decision = s->decision;
        SET_HAS(&link, item_link_key_decision);
        r.links = (struct item_link_list){1, &link};
        SET_HAS(&r, item_key_links);
    }
    if (cli_detach(c, &prose, s->title, &r.title) != ST_OK)
        return cli_fail(c);
    if (s->text != NULL) {
        if (cli_detach(c, &prose, s->text, &r.text) != ST_OK)
            return cli_fail(c);
        SET_HAS(&r, item_key_text);
    }
    uint64_t leaf = 0;
    int code = cli_enter(c, signer, seat, KIND_ITEM, &r, &prose, &leaf);
    if (code == EXIT_DONE && find_present(c, p, s->type, s, leaf) != ST_OK)
        return cli_fail(c);
    return code;
}

static void print_json(const struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        char id[32] = "";
        if (p->v[i].item.number != 0)
            item_text(&p->v[i], id, sizeof id);
        (void)printf("%s{\"type\":\"%s\",\"item\":\"%s\",\"due\":%" PRIu64 ",\"late\":%s}",
                     i == 0 ? "[" : ",", enum_text(&item_type_enum, p->v[i].type), id, p->v[i].due,
                     p->v[i].late ? "true" : "false");
    }
    (void)printf("%s\n", p->n == 0 ? "[]" : "]");
}

/* Shows the plan, asks, and opens what is not there. */
static int carry_out(struct cli *c, struct plan *p, const char *see)
{
    struct cli_signer signer;
    struct span seat;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    size_t todo = put_plan(p, &b), done = 0;
    buf_printf(
        &b,
        "%zu to open, %zu there already or over; each is owned by who signs, until another seat takes it\n",
        todo, p->n - todo);
    if (todo == 0) {
        (void)fputs(buf_cstr(&b), stderr);
        if (c->json)
            print_json(p);
        return EXIT_DONE;
    }
    int code = cli_agree(c, &b, "Sign all of them? [y/N] ");
    if (code != EXIT_DONE)
        return code;
    if (cli_signer_open(c, &signer) != ST_OK)
        return cli_fail(c);
    code = cli_seat(c, &signer, NULL, &seat) == ST_OK ? EXIT_DONE : cli_fail(c);
    for (size_t i = 0; i < p->n && code == EXIT_DONE; i++)
        if (p->v[i].item.number == 0 && !p->v[i].late) {
            code = open_step(c, &signer, seat, p, &p->v[i]);
            done += code == EXIT_DONE;
        }
    cli_signer_close(&signer);
    if (code != EXIT_DONE)
        (void)fprintf(stderr, "%zu of %zu opened; the same command goes on from here\n", done, todo);
    else if (c->json)
        print_json(p);
    else
        (void)printf("%zu items opened. See: %s\n", done, see);
    return code;
}

int verb_plan_launch(struct cli *c)
{
    struct plan p = {0};
    if (c->n != 0)
        return cli_usage(c, "plan launch takes no further words; it lays out section launch of the charter, and the assumptions "
                            "of its thesis");
    if (read_plan(c, &p) != ST_OK)
        return cli_fail(c);
    return carry_out(c, &p, "entente milestone list");
}

int verb_plan_diligence(struct cli *c)
{
    struct plan p = {0};
    if (c->n != 1)
        return cli_usage(c, "plan diligence needs one dossier file, whose findings it opens");
    if (read_diligence(c, c->words[0], &p) != ST_OK)
        return cli_fail(c);
    (void)fprintf(stderr, "Findings on the record are there for all partners, for good:\n");
    return carry_out(c, &p, "entente finding list");
}

int verb_plan_unwind(struct cli *c)
{
    struct plan p = {0};
    if (c->n != 1)
        return cli_usage(c, "plan unwind needs the decision by which a partner leaves, such as D-31; it lays out the tasks of section exit");
    if (read_unwind(c, c->words[0], &p) != ST_OK)
        return cli_fail(c);
    return carry_out(c, &p, "entente action list");
}
