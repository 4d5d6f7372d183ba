/* Where and why a pack fails, as exactly as is known. */
#include <stdarg.h>
#include "audit/fault.h"
#include "audit/verify_parts.h"

size_t verify_rule_length(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (n < 2 || text[n] != '-')
        return 0;
    n += 1 + strspn(text + n + 1, "0123456789T");
    return text[n] == ':' ? n : 0;
}

const char *verify_rule_of(const struct err *err, const char *otherwise)
{
    return err->rule != NULL ? err->rule : otherwise;
}

const char *verify_words_of(const struct err *err)
{
    size_t n = verify_rule_length(err->text);
    return n == 0 ? err->text : err->text + n + 1 + strspn(err->text + n + 1, " ");
}

enum status verify_failed(struct verify_failure *f, const char *region, const struct pack_place *place, const char *fmt, va_list ap)
{
    f->region = region;
    f->place = *place;
    f->offset = place->offset;
    f->bytes = place->bytes;
    (void)vsnprintf(f->why, sizeof f->why, fmt, ap);
    (void)snprintf(f->rule, sizeof f->rule, "%.*s", (int)verify_rule_length(f->why), f->why);
    (void)snprintf(f->record, sizeof f->record, "frame %" PRIu64, place->frame);
    return ST_BADSIG;
}

/* The body is the last of its frame. */
static void narrow(struct verify *v, struct span part)
{
    const struct ahead *x = &v->ahead[v->ahead_from];
    if (v->n_ahead == 0 || part.p < x->body.p || part.p + part.n > x->body.p + x->body.n)
        return;
    v->fail->offset = v->place.offset + v->place.bytes - x->body.n + (uint64_t)(part.p - x->body.p);
    v->fail->bytes = part.n;
}

static void name_entry(struct verify *v, const struct pack_block *f)
{
    struct verify_failure *fail = v->fail;
    struct arena a CLEANUP(arena_deinit);
    struct leaf leaf;
    struct err err;
    arena_init(&a, 0);
    narrow(v, f->leaves.v[v->entry - 1]);
    bool parsed = leaf_parse(f->leaves.v[v->entry - 1], &a, &leaf, &err) == ST_OK;
    const char *kind = parsed ? enum_text(&kind_enum, (uint32_t)leaf.entry.kind) : NULL;
    int n = snprintf(fail->record, sizeof fail->record, "entry %zu of block %" PRIu64 ", leaf %" PRIu64, v->entry, fail->height,
                     v->tip.tree.size + v->entry);
    if (parsed && n > 0 && (size_t)n < sizeof fail->record)
        (void)snprintf(fail->record + n, sizeof fail->record - (size_t)n, ": %s by %.*s", kind == NULL ? "entry" : kind,
                       SPAN_FMT(leaf.entry.seat));
}

/* What fails, in words, and its bytes. */
static void name_record(struct verify *v)
{
    struct verify_failure *fail = v->fail;
    const struct ahead *x = &v->ahead[v->ahead_from];
    const struct pack_block *f = v->n_ahead > 0 && x->kind == pack_block_desc.number && x->decoded == ST_OK ? &x->f : NULL;
    bool of_block = strcmp(fail->region, "header") == 0 || strcmp(fail->region, "certificate") == 0 ||
                    strcmp(fail->region, "leaf") == 0 || strcmp(fail->region, "prose") == 0;
    if (f != NULL && v->entry > 0 && v->entry <= f->leaves.n && strcmp(fail->region, "leaf") == 0) {
        name_entry(v, f);
    } else if (f != NULL && v->text > 0 && v->text <= f->prose.n && strcmp(fail->region, "prose") == 0) {
        narrow(v, f->prose.v[v->text - 1].prose.text);
        (void)snprintf(fail->record, sizeof fail->record, "text %zu of block %" PRIu64, v->text, fail->height);
    } else if (f != NULL && of_block) {
        bool certificate = strcmp(fail->region, "certificate") == 0 && HAS(f, pack_block_key_certificate);
        if (strcmp(fail->region, "header") == 0)
            narrow(v, f->header);
        else if (certificate)
            narrow(v, f->certificate);
        (void)snprintf(fail->record, sizeof fail->record, "%s of block %" PRIu64,
                       certificate && refounding_is(f->certificate) ? "re-founding in place of the certificate" : fail->region,
                       fail->height);
    } else if (strcmp(fail->region, "genesis") == 0 || strcmp(fail->region, "head") == 0) {
        (void)snprintf(fail->record, sizeof fail->record, "the founding");
    } else if (strcmp(fail->region, "checkpoint") == 0) {
        (void)snprintf(fail->record, sizeof fail->record, "checkpoint, in frame %" PRIu64, fail->place.frame);
    }
}

enum status verify_refuse(struct verify *v, const char *region, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)verify_failed(v->fail, region, &v->place, fmt, ap);
    va_end(ap);
    v->fail->height = v->r->height;
    name_record(v);
    return ST_BADSIG;
}

enum status verify_refuse_err(struct verify *v, const char *region, const char *rule, const struct err *err)
{
    if (verify_rule_length(err->text) > 0)
        return verify_refuse(v, region, "%s", err->text);
    return verify_refuse(v, region, "%s: %s", verify_rule_of(err, rule), err->text);
}

enum status verify_not_executed(struct verify *v, const struct pack_block *f, const char *why)
{
    const char *entry = strstr(why, ": entry ");
    struct arena a CLEANUP(arena_deinit);
    struct leaf leaf;
    struct err err;
    arena_init(&a, 0);
    v->entry = entry == NULL ? 0 : strtoul(entry + 8, NULL, 10);
    if (v->entry > 0 && v->entry <= f->leaves.n && strncmp(why, "SIG-4:", 6) == 0 && leaf_parse(f->leaves.v[v->entry - 1], &a, &leaf, &err) == ST_OK)
        return verify_refuse(v, "leaf", "%s%s", fault_of_signature(&leaf.signature), why + 5);
    return verify_refuse(v, entry == NULL ? "header" : "leaf", "%s", why);
}
