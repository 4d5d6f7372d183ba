/* verify: the whole verdict on a pack. */
#include <jansson.h>
#include "audit/cmd.h"

/* "1,234,567" */
struct grouped {
    char s[32];
};

static struct grouped grouped(uint64_t n)
{
    char digits[24];
    struct grouped g;
    size_t at = 0;
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            g.s[at++] = ',';
        g.s[at++] = digits[i];
    }
    g.s[at] = 0;
    return g;
}

static void print_report(const struct verify_report *r)
{
    uint64_t members = 0;
    (void)printf("VERIFIED %s entries, %s blocks, %s decisions re-executed; %s detached texts, %s absent\n", grouped(r->entries).s,
                 grouped(r->blocks).s, grouped(r->decisions).s, grouped(r->prose).s, grouped(r->prose_absent).s);
    (void)printf("alliance     %.*s  %s\n", SPAN_FMT(r->name), hex_of(&r->alliance).s);
    (void)printf("founded      %s   newest block %" PRIu64 " of %s\n", time_utc(r->founded_ms).s, r->height, time_utc(r->last_ms).s);
    (void)printf("tree         %s leaves, root %s\n", grouped(r->size).s, hex_of(&r->root).s);
    (void)printf("state root   %s\n", hex_of(&r->state_root).s);
    (void)printf("signatures   %s checked; %s certificates; %s deadlines fired\n", grouped(r->signatures).s, grouped(r->certificates).s,
                 grouped(r->timers).s);
    if (r->refoundings > 0)
        (void)printf("epochs       %s begun by refounding, signed by the registrar and another seat of every partner%s\n", grouped(r->refoundings).s,
                     r->by_refounding > 0 ? "; the last block of an epoch has no certificate, only prevotes and these signatures" : "");
    if (r->whole_checkpoint)
        (void)printf("checkpoint   %s leaves, cosigned by a quorum\n", grouped(r->checkpoint_size).s);
    else
        (void)printf("checkpoint   none that a quorum cosigned (%s read): the newest blocks rest on their certificates alone\n",
                     grouped(r->checkpoints).s);
    (void)printf("decisions   ");
    for (size_t i = 0; i < VERIFY_PHASES; i++)
        if (r->phases[i] != 0)
            (void)printf(" %s %s ", enum_text(&phase_enum, (uint32_t)i), grouped(r->phases[i]).s);
    (void)printf("%s\n", r->decisions == 0 ? " none" : "");
    for (size_t i = 0; i < r->n_orgs; i++) {
        const struct verify_org *o = &r->orgs[i];
        (void)printf("%-12.*s signed %s of %s blocks, %s entries\n", SPAN_FMT(o->org), grouped(o->blocks).s, grouped(o->could).s,
                     grouped(o->entries).s);
    }
    for (size_t i = 0; i < MEMBER_CHANGES; i++)
        members += r->members.counts[i];
    if (members > 0) {
        (void)printf("members     ");
        for (size_t i = 0; i < MEMBER_CHANGES; i++)
            if (r->members.counts[i] > 0)
                (void)printf(" %s %s ", member_change_text[i], grouped(r->members.counts[i]).s);
        (void)printf("\n");
    }
    for (size_t i = 0; i < r->members.n_lines; i++) {
        const struct member_line *l = &r->members.lines[i];
        (void)printf("  block %-8" PRIu64 " %s  %.*s: %s\n", l->height, time_utc(l->time_ms).s, SPAN_FMT(l->org),
                     member_change_text[l->change]);
    }
    if (members > r->members.n_lines)
        (void)printf("  and %s more\n", grouped(members - r->members.n_lines).s);
    (void)printf("Not checked: that this is the newest record (compare the root with another partner's), and what absent texts said.\n");
}

static json_t *json_hash(const struct hash *h)
{
    return json_string(hex_of(h).s);
}

static void print_json(const struct verify_report *r)
{
    json_t *orgs = json_array(), *phases = json_object();
    for (size_t i = 0; i < r->n_orgs; i++)
        json_array_append_new(orgs, json_pack("{s:s%,s:I,s:I,s:I}", "org", (const char *)r->orgs[i].org.p, r->orgs[i].org.n, "signed",
                                              (json_int_t)r->orgs[i].blocks, "could_sign", (json_int_t)r->orgs[i].could, "entries",
                                              (json_int_t)r->orgs[i].entries));
    for (size_t i = 0; i < VERIFY_PHASES; i++)
        if (r->phases[i] != 0)
            json_object_set_new(phases, enum_text(&phase_enum, (uint32_t)i), json_integer((json_int_t)r->phases[i]));
    json_t *members = json_array();
    for (size_t i = 0; i < r->members.n_lines; i++) {
        const struct member_line *l = &r->members.lines[i];
        json_array_append_new(members, json_pack("{s:s%,s:s,s:I,s:I}", "org", (const char *)l->org.p, l->org.n, "what",
                                                 member_change_text[l->change], "height", (json_int_t)l->height, "time_ms",
                                                 (json_int_t)l->time_ms));
    }
    json_t *o = json_pack(
        "{s:b,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:I,s:o,s:o,s:o}", "verified", 1, "alliance", json_hash(&r->alliance), "root",
        json_hash(&r->root), "state_root", json_hash(&r->state_root), "entries", (json_int_t)r->entries, "blocks", (json_int_t)r->blocks,
        "size", (json_int_t)r->size, "decisions", (json_int_t)r->decisions, "signatures", (json_int_t)r->signatures, "texts",
        (json_int_t)r->prose, "texts_absent", (json_int_t)r->prose_absent, "checkpoints", (json_int_t)r->checkpoints,
        "quorum_checkpoint", (int)r->whole_checkpoint, "deadlines_fired", (json_int_t)r->timers, "phases", phases, "organisations", orgs, "members",
        members);
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)puts(text == NULL ? "{}" : text);
    free(text);
    json_decref(o);
}

static void print_failure(void *ctx, const struct verify_failure *f)
{
    (void)ctx;
    json_t *o = json_pack("{s:b,s:s,s:I,s:I,s:I,s:s}", "verified", 0, "region", f->region, "frame", (json_int_t)f->place.frame, "offset",
                          (json_int_t)f->place.offset, "bytes", (json_int_t)f->place.bytes, "why", f->why);
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    (void)puts(text == NULL ? "{}" : text);
    free(text);
    json_decref(o);
}

static int end(void *ctx, const struct audit_record *r, struct err *err)
{
    const struct cmd_args *args = ctx;
    (void)err;
    if (cmd_flag(args, "json"))
        print_json(r->r);
    else
        print_report(r->r);
    return EXIT_DONE;
}

static int verify(const struct cmd_args *args)
{
    struct cmd_args own = *args;
    struct cmd_pack what = {.ctx = &own, .end = end, .failed = cmd_flag(args, "json") ? print_failure : NULL, .quiet = true};
    return cmd_read_pack(args, &what);
}

static const struct cmd_option options[] = {CMD_EXPECT, {"json", NULL, "the verdict as one JSON object"}};
const struct cmd cmd_verify = {"verify", "PACK", "is it whole, signed, agreed, and what the rules give?", options, ARRAY_LEN(options), verify};
