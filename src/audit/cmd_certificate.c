/* verify, of a decision certificate: what was checked, and what it does not prove, in plain words. */
#include <jansson.h>
#include "audit/certificate.h"
#include "audit/cmd.h"
#include "audit/record.h"
#include "audit/verdict.h"
#include "charter/scalar.h"

static void print_event(const struct certificate_event *e)
{
    const struct state_event *ev = &e->event;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    buf_printf(&b, "  %s  leaf %-6" PRIu64 " %s", time_utc(ev->at_ms).s, ev->leaf, enum_text(&event_type_enum, ev->type));
    if (HAS(ev, state_event_key_choice))
        buf_printf(&b, ": %s", enum_text(&choice_enum, ev->choice));
    if (HAS(ev, state_event_key_to))
        buf_printf(&b, " to %.*s", SPAN_FMT(ev->to));
    if (HAS(ev, state_event_key_outcome))
        buf_printf(&b, ": %s", enum_text(&last_resort_enum, ev->outcome));
    if (HAS(ev, state_event_key_name))
        buf_printf(&b, " %.*s", SPAN_FMT(ev->name));
    if (ev->type == EVENT_SUPERSEDED || ev->type == EVENT_COUNTERED)
        buf_printf(&b, " by D-%" PRIu64, ev->other);
    if (HAS(ev, state_event_key_seat))
        buf_printf(&b, " by %.*s", SPAN_FMT(ev->seat));
    if (HAS(ev, state_event_key_principal))
        buf_printf(&b, " for %.*s", SPAN_FMT(ev->principal));
    if (e->signed_here)
        buf_printf(&b, ", key %.16s", hex_of(&e->key.key).s);
    (void)printf("%s\n", buf_cstr(&b));
}

static void print_row(const struct state_pinned *p, const struct state_decision *d)
{
    (void)printf("rule         row %.*s of version %" PRIu64 " of the decisions; level %" PRIu64 "; asks\n", SPAN_FMT(d->type),
                 p->decisions_version, d->level);
    for (size_t i = 0; i < p->terms.n; i++) {
        const struct pinned_term *t = &p->terms.v[i];
        (void)printf("               %s, %" PRIu64 " of %.*s:", enum_text(&who_enum, t->who), t->count, SPAN_FMT(t->of));
        for (size_t k = 0; k < t->partners.n; k++)
            (void)printf(" %.*s", SPAN_FMT(t->partners.v[k].org));
        (void)printf("\n");
    }
    for (size_t i = 0; i < p->veto.n; i++)
        (void)printf("               veto: %.*s\n", SPAN_FMT(p->veto.v[i]));
}

static void print_effect(const struct effect *e)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    if (e->type == EFFECT_AMEND) {
        buf_printf(&b, "replaces version %" PRIu64 " of the charter section %s", e->base_version, enum_text(&section_id_enum, (uint32_t)e->section));
    } else if (e->type == EFFECT_ADMIT) {
        buf_printf(&b, "%.*s joins as %s", SPAN_FMT(e->party.org), enum_text(&role_enum, e->party.role));
    } else if (e->type == EFFECT_ACCEPT_RISK) {
        buf_printf(&b, "risk R-%" PRIu64 ", score %" PRIu64 ", is accepted until ", e->risk, e->score);
        scalar_print_date(e->until, &b);
    } else if (e->type == EFFECT_SHARE) {
        buf_printf(&b, "%.*s may be shared with", SPAN_FMT(e->info_class));
        for (size_t i = 0; i < e->audience.n; i++)
            buf_printf(&b, "%s %.*s", i == 0 ? "" : ",", SPAN_FMT(e->audience.v[i]));
        buf_printf(&b, " until ");
        scalar_print_date(e->until, &b);
    } else if (e->type == EFFECT_UPGRADE) {
        buf_printf(&b, "rules version %" PRIu64, e->rules);
    } else {
        buf_printf(&b, "%s", enum_text(&effect_type_enum, e->type));
    }
    (void)printf("effect       %s\n", buf_cstr(&b));
}

/* The proposal in words, as `entente show` has it. */
static void print_proposal(const struct certificate_report *r, struct arena *a)
{
    const struct proposal *p = &r->proposal;
    (void)printf("decided      %s\n", r->title.p == NULL ? "(the text of its title is absent)" : text_line(a, r->title));
    if (HAS(p, proposal_key_amount))
        (void)printf("amount       %s\n", record_money(&p->amount, a));
    if (HAS(p, proposal_key_charge))
        (void)printf("charge       %s at %.*s\n", record_money(&p->charge, a), SPAN_FMT(p->rate));
    if (HAS(p, proposal_key_budget))
        (void)printf("budget       %.*s\n", SPAN_FMT(p->budget));
    if (HAS(p, proposal_key_scope))
        (void)printf("scope        %.*s\n", SPAN_FMT(p->scope));
    if (HAS(p, proposal_key_supersedes))
        (void)printf("replaces     D-%" PRIu64 "\n", p->supersedes);
    if (HAS(p, proposal_key_partner))
        (void)printf("about        %.*s\n", SPAN_FMT(p->partner));
    for (size_t i = 0; HAS(p, proposal_key_affected) && i < p->affected.n; i++)
        (void)printf("affects      %.*s\n", SPAN_FMT(p->affected.v[i]));
    for (size_t i = 0; HAS(p, proposal_key_documents) && i < p->documents.n; i++)
        (void)printf("document     sha256:%s\n", hex_of(&p->documents.v[i]).s);
    print_effect(&p->effect);
    if (HAS(p, proposal_key_text))
        (void)printf("text         %s\n", r->text.p == NULL ? "(absent)" : text_line(a, r->text));
}

static void print_report(const struct certificate_report *r, struct arena *a)
{
    const struct state_decision *d = &r->decision;
    (void)printf("VERIFIED D-%" PRIu64 " of %.*s: %s, as of block %" PRIu64 " of %s\n", d->number, SPAN_FMT(r->chain.name),
                 enum_text(&phase_enum, d->phase), r->chain.anchor_height, time_utc(r->chain.anchor_ms).s);
    (void)printf("alliance     %s%s\n", hex_of(&r->chain.alliance).s,
                 r->chain.expected ? ", as expected" : "; nobody said which was expected: compare it, or give --expect-alliance");
    (void)printf("founded      %s\n", time_utc(r->chain.founded_ms).s);
    (void)printf("nodes        %" PRIu64 " change%s of the set of nodes since the founding, each signed by a quorum of the set before",
                 r->chain.links - 1, r->chain.links == 2 ? "" : "s");
    if (r->chain.refoundings > 0)
        (void)printf("; %" PRIu64 " by refounding, signed by the registrar and another seat of every partner", r->chain.refoundings);
    (void)printf("\ntree         %s leaves, root %s, cosigned by %u of %u nodes\n", grouped_text(a, r->chain.size), hex_of(&r->chain.root).s, r->chain.cosigned,
                 r->chain.members);
    (void)printf("checked      %s signatures, %s rows of the state, %s writes of %s blocks, %s entries; %s texts, %s absent\n",
                 grouped_text(a, r->chain.signatures), grouped_text(a, r->chain.rows), grouped_text(a, r->writes), grouped_text(a, r->blocks),
                 grouped_text(a, r->entries), grouped_text(a, r->texts), grouped_text(a, r->texts_absent));
    print_proposal(r, a);
    print_row(&r->pinned, d);
    (void)printf("events       all %zu of them, and nothing else happened to it:\n", r->n_events);
    for (size_t i = 0; i < r->n_events; i++)
        print_event(&r->events[i]);
    if (r->chain.n_notes > 0)
        (void)printf("To know besides:\n");
    for (size_t i = 0; i < r->chain.n_notes; i++)
        (void)printf("  %.*s\n", SPAN_FMT(r->chain.notes[i]));
    (void)printf("Not proven by this file:\n");
    for (size_t i = 0; certificate_not_proven[i] != NULL; i++)
        (void)printf("  %s\n", certificate_not_proven[i]);
}

/* What was proposed, beside the verdict. */
static void put_proposal(json_t *o, const struct certificate_report *r, struct arena *a)
{
    const struct proposal *p = &r->proposal;
    json_object_set_new(o, "type", json_stringn((const char *)r->decision.type.p, r->decision.type.n));
    if (r->title.p != NULL)
        json_object_set_new(o, "title_text", json_stringn((const char *)r->title.p, r->title.n));
    if (r->text.p != NULL)
        json_object_set_new(o, "text_text", json_stringn((const char *)r->text.p, r->text.n));
    if (HAS(p, proposal_key_amount))
        json_object_set_new(o, "amount", json_string(record_money(&p->amount, a)));
    if (HAS(p, proposal_key_budget))
        json_object_set_new(o, "budget", json_stringn((const char *)p->budget.p, p->budget.n));
    json_object_set_new(o, "effect", json_string(enum_text(&effect_type_enum, p->effect.type)));
}

static void print_json(const struct certificate_report *r, struct arena *a)
{
    json_t *events = json_array(), *notes = json_array(), *unproven = json_array();
    for (size_t i = 0; i < r->n_events; i++) {
        const struct certificate_event *e = &r->events[i];
        json_t *o = json_pack("{s:s,s:I,s:I}", "event", enum_text(&event_type_enum, e->event.type), "leaf", (json_int_t)e->event.leaf,
                              "time_ms", (json_int_t)e->event.at_ms);
        if (HAS(&e->event, state_event_key_seat))
            json_object_set_new(o, "seat", json_stringn((const char *)e->event.seat.p, e->event.seat.n));
        if (HAS(&e->event, state_event_key_choice))
            json_object_set_new(o, "choice", json_string(enum_text(&choice_enum, e->event.choice)));
        if (e->signed_here)
            json_object_set_new(o, "key", json_string(hex_of(&e->key.key).s));
        json_array_append_new(events, o);
    }
    for (size_t i = 0; i < r->chain.n_notes; i++)
        json_array_append_new(notes, json_stringn((const char *)r->chain.notes[i].p, r->chain.notes[i].n));
    for (size_t i = 0; certificate_not_proven[i] != NULL; i++)
        json_array_append_new(unproven, json_string(certificate_not_proven[i]));
    json_t *all = json_pack("{s:b,s:I,s:s,s:s,s:b,s:I,s:I,s:I,s:s,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "verified", 1, "decision",
                   (json_int_t)r->decision.number, "phase", enum_text(&phase_enum, r->decision.phase), "alliance", hex_of(&r->chain.alliance).s,
                   "alliance_expected", (int)r->chain.expected, "height", (json_int_t)r->chain.anchor_height, "time_ms", (json_int_t)r->chain.anchor_ms,
                   "size", (json_int_t)r->chain.size, "root", hex_of(&r->chain.root).s, "cosigned", (json_int_t)r->chain.cosigned, "members",
                   (json_int_t)r->chain.members, "signatures", (json_int_t)r->chain.signatures, "texts", (json_int_t)r->texts, "texts_absent",
                   (json_int_t)r->texts_absent, "events", events, "notes", notes, "not_proven", unproven);
    put_proposal(all, r, a);
    cmd_dump(all);
}

int cmd_certificate(const struct cmd_args *args, FILE *f)
{
    const char *path = args->words[0];
    struct hash expect;
    bool expected;
    struct arena a CLEANUP(arena_deinit);
    struct certificate_report r;
    struct verify_failure failure;
    struct err err = {0};
    arena_init(&a, 0);
    if (!cmd_expected(args, &expect, &expected))
        return EXIT_USAGE;
    if (cmd_count(args, "checkpoint") > 0)
        return cmd_usage(args->cmd, "--checkpoint is for packs and ranges, and %s is a decision certificate: compare the root that it names", path);
    if (cmd_flag(args, "html"))
        return cmd_usage(args->cmd, "--html is for packs and ranges, and %s is a decision certificate", path);
    cmd_confine();
    enum status st = certificate_check(f, expected ? &expect : NULL, &a, &r, &failure, &err);
    if (st == ST_BADSIG && failure.region[0] != 0)
        return cmd_flag(args, "json") ? cmd_failed_json(&failure) : cmd_failed(&failure);
    if (st != ST_OK) {
        (void)fprintf(stderr, "entente-audit: %s: %s\n", path, err.text[0] != 0 ? err.text : status_text(st));
        return EXIT_FAILED;
    }
    if (cmd_flag(args, "json"))
        print_json(&r, &a);
    else
        print_report(&r, &a);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
