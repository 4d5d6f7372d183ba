/* The launch plan of the charter, laid out as items: a milestone for each day of it, an action for each goal,
 * and a milestone for each gate. What is there already, by its title, is left alone. */
#include "charter/charter_model.h"
#include "charter/scalar.h"
#include "cli/cli_item.h"

enum { MS_PER_DAY = 86400000, WHOLE_LIST = 1000, TITLE_MAX = 200 };

struct step {
    enum item_type type;
    const char *title;
    uint64_t due;
    struct span gate;         /* its name; else empty */
    const struct step *under; /* the milestone that an action is linked to; else NULL */
    bool late;                /* its day is over */
    struct item_ref item;     /* number 0: not there yet */
};

struct plan {
    size_t n;
    struct step *v;
};

/* Has this item the title of a step? Titles are salted (ENT-8), so it is the text that is compared. */
static void match(struct cli *c, struct plan *p, const struct query_item_line *line)
{
    struct span title = cli_title_at(c, line->leaf, &line->title);
    for (size_t k = 0; k < p->n; k++)
        if (p->v[k].type == (enum item_type)line->item.type && span_eqs(title, p->v[k].title))
            p->v[k].item = line->item;
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
        for (size_t i = 0; i < r.list.n; i++) {
            const struct query_item_line *line = &r.list.v[i];
            from = line->item.number + 1;
            if (opened == NULL && !HAS(line, query_item_line_key_about))
                match(c, p, line);
            else if (opened != NULL && line->leaf == leaf)
                opened->item = line->item;
        }
    }
    return ST_OK;
}

static struct step *add(struct cli *c, struct plan *p, enum item_type type, uint64_t due, const char *title)
{
    struct step *s = &p->v[p->n++];
    *s = (struct step){.type = type, .due = due, .late = due < clock_wall_ms(&clock_system) / MS_PER_DAY};
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

static void lay_out(struct cli *c, const struct charter_launch *l, uint64_t founded_day, struct plan *p)
{
    char lead[40], title[TITLE_MAX + 1];
    size_t room = l->gates.n;
    for (size_t i = 0; i < l->days.n; i++)
        room += 1 + l->days.v[i].goals.n;
    p->v = arena_array(&c->a, room + 1, sizeof *p->v);
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
        add(c, p, ITEM_MILESTONE, founded_day + last, title)->gate = g->name;
    }
}

static enum status read_plan(struct cli *c, struct plan *p)
{
    struct rpc_number q = {.number = SECTION_LAUNCH};
    struct query_section launch, alliance;
    struct charter_launch l;
    struct charter_alliance a;
    enum status st = cli_ask(c, METHOD_section, &q, &launch);
    if (st == ST_NOTFOUND)
        return err_set(&c->err, st,
                       "the charter has no launch plan; add section launch: entente propose charter-policy "
                       "--amend launch");
    q.number = SECTION_ALLIANCE;
    if (st == ST_OK)
        st = cli_ask(c, METHOD_section, &q, &alliance);
    if (st == ST_OK)
        st = charter_decode_section(SECTION_LAUNCH, launch.section.body, &c->a, &l, &c->err);
    if (st == ST_OK)
        st = charter_decode_section(SECTION_ALLIANCE, alliance.section.body, &c->a, &a, &c->err);
    if (st != ST_OK)
        return st;
    lay_out(c, &l, a.founded_ms / MS_PER_DAY, p);
    st = find_present(c, p, ITEM_MILESTONE, NULL, 0);
    return st == ST_OK ? find_present(c, p, ITEM_ACTION, NULL, 0) : st;
}

static void item_text(const struct step *s, char *ret, size_t cap)
{
    (void)snprintf(ret, cap, "%s-%" PRIu64, s->type == ITEM_MILESTONE ? "M" : "A", s->item.number);
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
        buf_printf(b, "  %-5s %-9s ", id, enum_text(&item_type_enum, s->type));
        scalar_print_date(s->due, b);
        buf_printf(b, "  %s\n", s->title);
        todo += s->item.number == 0 && !s->late;
    }
    return todo;
}

static int open_step(struct cli *c, const struct cli_signer *signer, struct span seat, struct plan *p,
                     struct step *s)
{
    struct item r = {.type = s->type, .due = s->due};
    struct item_link link = {0};
    struct cli_prose_list prose = {0};
    SET_HAS(&r, item_key_due);
    if (s->gate.n > 0) {
        r.name = s->gate;
        SET_HAS(&r, item_key_name);
    }
    if (s->under != NULL && s->under->item.number != 0) {
        link.item = s->under->item;
        SET_HAS(&link, item_link_key_item);
        r.links = (struct item_link_list){1, &link};
        SET_HAS(&r, item_key_links);
    }
    if (cli_detach(c, &prose, s->title, &r.title) != ST_OK)
        return cli_fail(c);
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

int verb_plan_launch(struct cli *c)
{
    struct plan p = {0};
    struct cli_signer signer;
    struct span seat;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (c->n != 0)
        return cli_usage(c, "plan launch takes no further words; it lays out section launch of the charter");
    if (read_plan(c, &p) != ST_OK)
        return cli_fail(c);
    size_t todo = put_plan(&p, &b), done = 0;
    buf_printf(
        &b,
        "%zu to open, %zu there already or over; each is owned by who signs, until another seat takes it\n",
        todo, p.n - todo);
    if (todo == 0) {
        (void)fputs(buf_cstr(&b), stderr);
        if (c->json)
            print_json(&p);
        return EXIT_DONE;
    }
    int code = cli_agree(c, &b, "Sign all of them? [y/N] ");
    if (code != EXIT_DONE)
        return code;
    if (cli_signer_open(c, &signer) != ST_OK)
        return cli_fail(c);
    code = cli_seat(c, &signer, NULL, &seat) == ST_OK ? EXIT_DONE : cli_fail(c);
    for (size_t i = 0; i < p.n && code == EXIT_DONE; i++)
        if (p.v[i].item.number == 0 && !p.v[i].late) {
            code = open_step(c, &signer, seat, &p, &p.v[i]);
            done += code == EXIT_DONE;
        }
    cli_signer_close(&signer);
    if (code != EXIT_DONE)
        (void)fprintf(stderr, "%zu of %zu opened; the same command goes on from here\n", done, todo);
    else if (c->json)
        print_json(&p);
    else
        (void)printf("%zu items opened. See: entente milestone list\n", done);
    return code;
}
