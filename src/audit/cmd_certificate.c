/* verify, of a decision certificate: what was checked, and what it does not prove, in plain words. */
#include <jansson.h>
#include "audit/certificate.h"
#include "audit/cmd.h"
#include "audit/rule.h"
#include "audit/verdict.h"

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
        (void)printf("               %s partner, %" PRIu64 " of %.*s:", enum_text(&who_enum, t->who), t->count, SPAN_FMT(t->of));
        for (size_t k = 0; k < t->partners.n; k++)
            (void)printf(" %.*s", SPAN_FMT(t->partners.v[k].org));
        (void)printf("\n");
    }
    for (size_t i = 0; i < p->veto.n; i++)
        (void)printf("               veto: %.*s\n", SPAN_FMT(p->veto.v[i]));
}

static void print_report(const struct certificate_report *r, struct arena *a)
{
    const struct state_decision *d = &r->decision;
    (void)printf("VERIFIED D-%" PRIu64 " of %.*s: %s, as of block %" PRIu64 " of %s\n", d->number, SPAN_FMT(r->name),
                 enum_text(&phase_enum, d->phase), r->anchor.height, time_utc(r->anchor.time_ms).s);
    (void)printf("alliance     %s%s\n", hex_of(&r->alliance).s,
                 r->expected ? ", as expected" : "; nobody said which was expected: compare it, or give --expect-alliance");
    (void)printf("founded      %s\n", time_utc(r->founded_ms).s);
    (void)printf("nodes        %" PRIu64 " change%s of the set of nodes since the founding, each signed by a quorum of the set before",
                 r->links - 1, r->links == 2 ? "" : "s");
    if (r->refoundings > 0)
        (void)printf("; %" PRIu64 " by refounding, signed by the registrar and another seat of every partner", r->refoundings);
    (void)printf("\ntree         %s leaves, root %s, cosigned by %u of %u nodes\n", grouped_text(a, r->size), hex_of(&r->root).s, r->cosigned,
                 r->members);
    (void)printf("checked      %s signatures, %s rows of the state, %s writes of %s blocks, %s entries; %s texts, %s absent\n",
                 grouped_text(a, r->signatures), grouped_text(a, r->rows), grouped_text(a, r->writes), grouped_text(a, r->blocks),
                 grouped_text(a, r->entries), grouped_text(a, r->texts), grouped_text(a, r->texts_absent));
    print_row(&r->pinned, d);
    (void)printf("events       all %zu of them, and nothing else happened to it:\n", r->n_events);
    for (size_t i = 0; i < r->n_events; i++)
        print_event(&r->events[i]);
    if (r->n_notes > 0)
        (void)printf("To know besides:\n");
    for (size_t i = 0; i < r->n_notes; i++)
        (void)printf("  %.*s\n", SPAN_FMT(r->notes[i]));
    (void)printf("Not proven by this file:\n");
    for (size_t i = 0; certificate_not_proven[i] != NULL; i++)
        (void)printf("  %s\n", certificate_not_proven[i]);
}

static void dump(json_t *o)
{
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)puts(text == NULL ? "{}" : text);
    free(text);
    json_decref(o);
}

static void print_json(const struct certificate_report *r)
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
    for (size_t i = 0; i < r->n_notes; i++)
        json_array_append_new(notes, json_stringn((const char *)r->notes[i].p, r->notes[i].n));
    for (size_t i = 0; certificate_not_proven[i] != NULL; i++)
        json_array_append_new(unproven, json_string(certificate_not_proven[i]));
    dump(json_pack("{s:b,s:I,s:s,s:s,s:b,s:I,s:I,s:I,s:s,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "verified", 1, "decision",
                   (json_int_t)r->decision.number, "phase", enum_text(&phase_enum, r->decision.phase), "alliance", hex_of(&r->alliance).s,
                   "alliance_expected", (int)r->expected, "height", (json_int_t)r->anchor.height, "time_ms", (json_int_t)r->anchor.time_ms,
                   "size", (json_int_t)r->size, "root", hex_of(&r->root).s, "cosigned", (json_int_t)r->cosigned, "members",
                   (json_int_t)r->members, "signatures", (json_int_t)r->signatures, "texts", (json_int_t)r->texts, "texts_absent",
                   (json_int_t)r->texts_absent, "events", events, "notes", notes, "not_proven", unproven));
}

static int not_verified(const struct verify_failure *f, bool json)
{
    if (json)
        dump(json_pack("{s:b,s:s,s:I,s:I,s:I,s:s,s:I,s:I,s:s,s:s,s:s}", "verified", 0, "region", f->region, "frame", (json_int_t)f->place.frame, "offset",
                       (json_int_t)f->place.offset, "bytes", (json_int_t)f->place.bytes, "record", f->record, "record_offset",
                       (json_int_t)f->offset, "record_bytes", (json_int_t)f->bytes, "rule", f->rule, "meaning",
                       rule_meaning(f->rule), "why", f->why));
    return cmd_failed(f);
}

static int check(const struct cmd_args *args, FILE *f)
{
    const char *path = args->words[0], *expected = cmd_value(args, "expect-alliance");
    struct hash expect;
    struct arena a CLEANUP(arena_deinit);
    struct certificate_report r;
    struct verify_failure failure;
    struct err err = {0};
    arena_init(&a, 0);
    if (expected != NULL && hex_to_hash(span_str(expected), &expect) != ST_OK)
        return cmd_usage(args->cmd, "--expect-alliance takes the alliance's id: 64 hex digits");
    if (cmd_count(args, "checkpoint") > 0)
        return cmd_usage(args->cmd, "--checkpoint is for packs, and %s is a decision certificate: compare the root that it names", path);
    if (cmd_flag(args, "html"))
        return cmd_usage(args->cmd, "--html is for packs, and %s is a decision certificate", path);
    cmd_confine();
    enum status st = certificate_check(f, expected == NULL ? NULL : &expect, &a, &r, &failure, &err);
    if (st == ST_BADSIG && failure.region[0] != 0)
        return not_verified(&failure, cmd_flag(args, "json"));
    if (st != ST_OK) {
        (void)fprintf(stderr, "entente-audit: %s: %s\n", path, err.text[0] != 0 ? err.text : status_text(st));
        return EXIT_FAILED;
    }
    if (cmd_flag(args, "json"))
        print_json(&r);
    else
        print_report(&r, &a);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

bool cmd_certificate(const struct cmd_args *args, int *ret_code)
{
    const char *path = args->words[0];
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (f == NULL) /* who reads it as a pack says why */
        return false;
    bool is = certificate_is(f);
    if (is)
        *ret_code = check(args, f);
    if (f != stdin)
        (void)fclose(f);
    return is;
}
