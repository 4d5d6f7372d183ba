/* Items shown: one, a list, those of a decision, what they ask. */
#include "cli/cli_item.h"

static void print_link(const struct item_link *l)
{
    if (HAS(l, item_link_key_decision))
        (void)printf(" D-%" PRIu64, l->decision);
    else if (HAS(l, item_link_key_item))
        (void)printf(" %s", item_id(l->item.type, l->item.number).s);
    else
        (void)printf(" %.*s", SPAN_FMT(l->clause));
}

static void print_risk(const struct query_item *q)
{
    const struct state_item *it = &q->item;
    (void)printf("  %.*s, likelihood %" PRIu64 ", impact %" PRIu64 ": score %" PRIu64,
                 SPAN_FMT(it->item.category), it->likelihood, it->impact, q->score);
    if (HAS(q, query_item_key_must_look))
        (void)printf(", for %.*s to look at", SPAN_FMT(q->must_look));
    for (size_t i = 0; HAS(&it->item, item_key_sharing) && i < it->item.sharing.n; i++)
        (void)printf("%s%.*s %" PRIu64 " %%", i == 0 ? "\n  borne by " : ", ",
                     SPAN_FMT(it->item.sharing.v[i].org), it->item.sharing.v[i].percent);
    if (HAS(it, state_item_key_review_due_ms))
        (void)printf("\n  its review was due on %s", cli_time(it->review_ms).s);
    else if (HAS(it, state_item_key_review_ms))
        (void)printf("\n  next review by %s", cli_time(it->review_ms).s);
    (void)printf("\n");
    for (size_t i = 0; i < q->warnings.n; i++) {
        const struct query_warning *x = &q->warnings.v[i];
        (void)printf("  early warning %.*s", SPAN_FMT(x->words));
        if (HAS(x, query_warning_key_since_ms))
            (void)printf(": ON since %s, by ", cli_time(x->since_ms).s);
        if (HAS(x, query_warning_key_reading))
            (void)printf("K-%" PRIu64 " of ", x->reading);
        if (HAS(x, query_warning_key_period))
            (void)printf("%.*s", SPAN_FMT(x->period));
        (void)printf("\n");
    }
}

static void print_state(const struct query_item *q, uint64_t now)
{
    const struct state_item *it = &q->item;
    (void)printf("  %s%s; owner %.*s\n", enum_text(&item_phase_enum, it->phase),
                 q->overdue ? ", overdue" : "", SPAN_FMT(it->owner));
    if (q->owed.n > 0)
        (void)printf("  %.*s\n", SPAN_FMT(q->owed));
    if (HAS(it, state_item_key_offered))
        (void)printf("  offered to %.*s, until %s (%s)\n", SPAN_FMT(it->offered), cli_time(it->offer_ms).s,
                     cli_span(now, it->offer_ms).s);
    if (HAS(it, state_item_key_due_ms))
        (void)printf("  due %s", cli_time(it->due_ms).s);
    if (HAS(it, state_item_key_first_due_ms))
        (void)printf("; by the first baseline %s, rebased %" PRIu64 " times", cli_time(it->first_due_ms).s,
                     it->rebased);
    if (HAS(it, state_item_key_due_ms))
        (void)printf("\n");
    if (HAS(&it->item, item_key_against))
        (void)printf("  against %.*s\n", SPAN_FMT(it->item.against));
    if (HAS(&it->item, item_key_name))
        (void)printf("  about %.*s\n", SPAN_FMT(it->item.name));
    if (it->item.type == ITEM_RISK)
        print_risk(q);
    if (HAS(it, state_item_key_finding))
        (void)printf("  verdict: %s\n", enum_text(&assumed_enum, it->finding));
    if (it->rung > 0 && HAS(q, query_item_key_ladder))
        (void)printf("  climbed to %.*s%s%s\n", SPAN_FMT(q->ladder.rungs.v[it->rung - 1].to),
                     HAS(it, state_item_key_rung_ms) ? ", until " : "",
                     HAS(it, state_item_key_rung_ms) ? cli_time(it->rung_ms).s : "");
    for (size_t i = 0; i < q->missing.n; i++)
        (void)printf("  missing: %.*s\n", SPAN_FMT(q->missing.v[i]));
    for (size_t i = 0; i < it->links.n; i++) {
        if (i == 0)
            (void)printf("  linked to");
        print_link(&it->links.v[i]);
    }
    if (it->links.n > 0)
        (void)printf("\n");
}

/* The documents that an entry named. */
static void print_evidence(struct cli *c, const struct state_item_event *e)
{
    struct rpc_leaf q = {.index = e->leaf};
    struct rpc_leaf_reply r;
    struct leaf entry;
    struct hash_list l;
    if (cli_ask(c, METHOD_leaf, &q, &r) != ST_OK || leaf_parse(r.leaf, &c->a, &entry, NULL) != ST_OK ||
        leaf_documents(&entry, &c->a, &l, NULL) != ST_OK)
        return;
    for (size_t i = 0; i < l.n; i++) {
        cli_print_document(c, "    document ", &l.v[i]);
        (void)printf("      entente document get %s --to FILE\n", hex_of(&l.v[i]).s);
    }
}

static void print_events(struct cli *c, const struct query_item *q)
{
    (void)printf("what happened\n");
    for (size_t i = 0; i < q->events.n; i++) {
        const struct state_item_event *e = &q->events.v[i];
        bool same_entry = i > 0 && q->events.v[i - 1].leaf == e->leaf;
        (void)printf("  %s  %s%s", cli_time(e->at_ms).s, enum_text(&item_event_enum, e->type),
                     e->type == ITEM_EVENT_DEFERRED ? ": the ledger had stood still, and its deadline moves by as long" : "");
        if (HAS(e, state_item_event_key_finding))
            (void)printf(": %s", enum_text(&assumed_enum, e->finding));
        if (HAS(e, state_item_event_key_to))
            (void)printf(" to %.*s", SPAN_FMT(e->to));
        if (HAS(e, state_item_event_key_indicator))
            (void)printf(": %s", item_indicator_text(&c->a, &e->indicator));
        if (HAS(e, state_item_event_key_reading))
            (void)printf(", by K-%" PRIu64, e->reading);
        if (HAS(e, state_item_event_key_link))
            print_link(&e->link);
        if (HAS(e, state_item_event_key_likelihood))
            (void)printf(": %" PRIu64 " x %" PRIu64, e->likelihood, e->impact);
        if (HAS(e, state_item_event_key_decision))
            (void)printf("%s D-%" PRIu64, e->type == ITEM_EVENT_ANSWERED ? " by" : "", e->decision);
        if (HAS(e, state_item_event_key_other))
            (void)printf(": %s", item_id(e->other.type, e->other.number).s);
        if (HAS(e, state_item_event_key_outcome))
            (void)printf(": %s", enum_text(&last_resort_enum, e->outcome));
        if (HAS(e, state_item_event_key_seat))
            (void)printf(" by %.*s", SPAN_FMT(e->seat));
        if (HAS(e, state_item_event_key_until_ms))
            (void)printf(", until %s", cli_time(e->until_ms).s);
        if (HAS(e, state_item_event_key_text))
            (void)printf(": %.*s", SPAN_FMT(cli_title_at(c, e->leaf, &e->text)));
        (void)printf("  (leaf %" PRIu64 ")\n", e->leaf);
        if (HAS(e, state_item_event_key_id) && e->type != ITEM_EVENT_OPENED && !same_entry) /* those of its opening stand above */
            print_evidence(c, e);
    }
}

int cli_item_show(struct cli *c, const struct item_ref *ref)
{
    struct query_item q;
    struct span title;
    if (cli_item_fetch(c, ref, &q, &title) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_item_desc, &q);
    (void)printf("%.*s %s: ", SPAN_FMT(q.id), enum_text(&item_type_enum, ref->type));
    cli_prose(stdout, "  ", title);
    print_state(&q, cli_now(c));
    for (size_t i = 0; HAS(&q.item.item, item_key_documents) && i < q.item.item.documents.n; i++)
        cli_print_document(c, "  document ", &q.item.item.documents.v[i]);
    print_events(c, &q);
    return EXIT_DONE;
}

static struct span title_of(struct cli *c, bool about, struct span words, uint64_t leaf,
                            const struct hash *title)
{
    return about ? words : cli_title_at(c, leaf, title);
}

static void print_line(struct cli *c, const struct query_item_line *l, size_t room)
{
    const char *mark;
    struct span title =
        cli_cut(title_of(c, HAS(l, query_item_line_key_about), l->about, l->leaf, &l->title), room, &mark);
    (void)printf("%-7.*s %-9s", SPAN_FMT(l->id), enum_text(&item_phase_enum, l->phase));
    if (HAS(l, query_item_line_key_score))
        (void)printf(" %2" PRIu64, l->score);
    (void)printf(" %-24.*s", SPAN_FMT(l->owner));
    if (HAS(l, query_item_line_key_due_ms))
        (void)printf(" %s%.10s", l->overdue ? "overdue " : "due ",
                     time_utc(l->due_ms - 1).s); /* the day that ends there */
    if (HAS(l, query_item_line_key_warning))
        (void)printf(" WARNS %.*s", SPAN_FMT(l->warning));
    if (HAS(l, query_item_line_key_finding))
        (void)printf(" %s", enum_text(&assumed_enum, l->finding));
    (void)printf("  %.*s%s", SPAN_FMT(title), mark);
    for (size_t i = 0; l->item.type == ITEM_LESSON && i < l->tags.n; i++)
        (void)printf(" #%.*s", SPAN_FMT(l->tags.v[i]));
    for (size_t i = 0; l->item.type == ITEM_LESSON && i < l->links.n; i++) {
        (void)printf(i == 0 ? " -> adopted in" : ",");
        print_link(&l->links.v[i]);
    }
    (void)printf("\n");
}

/* What the search leaves of a page. */
static enum status found_of(struct cli *c, struct query_items *r, uint64_t *absent)
{
    size_t n = 0;
    for (size_t i = 0; i < r->list.n; i++) {
        bool matches;
        enum status st = cli_item_matches(c, &r->list.v[i], &matches, absent);
        if (st != ST_OK)
            return st;
        if (matches)
            r->list.v[n++] = r->list.v[i];
    }
    r->list.n = n;
    return ST_OK;
}

int cli_item_list(struct cli *c)
{
    enum item_type type = cli_item_type(c);
    struct query_items all = {0};
    size_t columns = cli_columns(), room = columns == SIZE_MAX ? SIZE_MAX : columns > 80 ? columns - 68 : 12;
    if (c->n > 1)
        return cli_usage(c, "%s list takes no %s", c->verb->words, c->words[1]);
    if (c->tag != NULL && !text_is_id(span_str(c->tag)))
        return cli_usage(c, "--tag %s: expected the name of a tag: letters a-z, digits and -", c->tag);
    if (c->grep != NULL && c->grep[0] == 0)
        return cli_usage(c, "--grep is empty: expected the text to look for");
    uint64_t absent = 0;
    bool live = !c->all && !(type == ITEM_LESSON && cli_item_searches(c)); /* a lesson is learnt when it is closed */
    for (uint64_t from = 1;;) {
        struct rpc_items q = {.type = type, .from = from, .count = 200, .live = live};
        struct query_items r;
        if (cli_ask(c, METHOD_items, &q, &r) != ST_OK)
            return cli_fail(c);
        uint64_t next = r.list.n == 0 ? from : r.list.v[r.list.n - 1].item.number + 1;
        if (cli_item_searches(c) && found_of(c, &r, &absent) != ST_OK)
            return cli_fail(c);
        struct query_item_line *v = arena_array(&c->a, all.list.n + r.list.n + 1, sizeof *v);
        if (all.list.n > 0)
            memcpy(v, all.list.v, all.list.n * sizeof *v);
        for (size_t i = 0; i < r.list.n; i++) {
            v[all.list.n + i] = r.list.v[i];
            if (!c->json)
                print_line(c, &r.list.v[i], room);
        }
        all.list = (struct query_item_line_list){all.list.n + r.list.n, v};
        all.more = r.more;
        from = next;
        if (!r.more || all.list.n >= 1000)
            break;
    }
    if (absent > 0)
        (void)fprintf(stderr, "%" PRIu64 " texts are absent here, and were not looked through.\n", absent);
    if (!c->json && all.list.n == 0)
        (void)printf("No %s %s.\n", enum_text(&item_type_enum, type),
                     cli_item_searches(c) ? live ? "that is open has this; closed ones: --all" : "has this"
                     : c->all             ? "is on the record"
                                          : "is open; closed ones: --all");
    return c->json ? cli_json(c, &query_items_desc, &all) : EXIT_DONE;
}

void cli_print_linked(struct cli *c, uint64_t decision)
{
    struct rpc_number q = {.number = decision};
    struct query_linked r;
    if (cli_ask(c, METHOD_linked, &q, &r) != ST_OK)
        return;
    for (size_t i = 0; i < r.list.n; i++) {
        (void)printf("%s", i == 0 ? "items linked to it\n  " : "  ");
        print_line(c, &r.list.v[i], SIZE_MAX);
    }
}

void cli_print_item_task(struct cli *c, const struct query_item_task *t, uint64_t now)
{
    const char *verb = cli_item_verb(t->item.type);
    static const char *const steps[] = {
        [ITEM_TASK_DO] = "claim",      [ITEM_TASK_TAKE] = "take", [ITEM_TASK_VERIFY] = "verify",
        [ITEM_TASK_REVIEW] = "review", [ITEM_TASK_LOOK] = "show", [ITEM_TASK_MEDIATE] = "recommend",
        [ITEM_TASK_ANSWER] = "show",   [ITEM_TASK_HEED] = "show",
    };
    (void)printf("%.*s %s: %.*s\n        %.*s", SPAN_FMT(t->id), enum_text(&item_type_enum, t->item.type),
                 SPAN_FMT(title_of(c, HAS(t, query_item_task_key_about), t->about, t->leaf, &t->title)),
                 SPAN_FMT(t->words));
    for (size_t k = 0; k < t->seats.n && t->task != ITEM_TASK_VERIFY; k++)
        (void)printf("%s%.*s", k == 0 ? "; asked: " : " or ", SPAN_FMT(t->seats.v[k]));
    if (t->task == ITEM_TASK_VERIFY)
        (void)printf(", by any seat of yours");
    if (HAS(t, query_item_task_key_deadline_ms))
        (void)printf(", until %s (%s)", cli_time(t->deadline_ms).s, cli_span(now, t->deadline_ms).s);
    (void)printf("\n        entente %s %s %.*s\n", verb, steps[t->task], SPAN_FMT(t->id));
}
