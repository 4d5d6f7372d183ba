/* What the doctor says. */
#include <jansson.h>
#include "node/doctor.h"

/* What damage of a part means, and what to do. */
static const struct {
    const char *part, *means;
} meaning[] = {
    {"settings", "The node does not start, or does not do what was set. Correct node.yaml; `ententd init` in "
                 "an empty directory shows a whole one."},
    {"keys", "The node does not start. Put the files back from where you keep them; lost ones are replaced: "
             "ententd rekey DIR -o FILE.card, then "
             "your registrar, at a partner's node: entente node replace FILE.card."},
    {"documents", "Bytes of a document changed on the disk, most often because the disk fails: check it (smartctl, dmesg). The record "
                  "names the document by its SHA-256, and the node fetches it again from partners that have it when it runs."},
};

static const char store_means[] = "The store's file was damaged, most often by a disk or memory that fails. "
                                  "The record itself is safe: every partner has it.";
static const char store_do[] = "Check the disk (smartctl, dmesg, fsck). Then: ententd doctor %s --repair. It "
                               "keeps every block that is whole and what "
                               "waits here; the damaged store is kept beside it.\n";

static bool is_damaged(const struct doctor *d, const char *part)
{
    for (size_t i = 0; i < d->report->n; i++)
        if (strcmp(d->report->findings[i].part, part) == 0)
            return true;
    return false;
}

static void print_repair(const struct doctor *d, const char *kept)
{
    const struct doctor_report *r = d->report;
    (void)printf("\nRepaired. The store was rebuilt to block %" PRIu64 " (%" PRIu64
                 " leaves, root %s) by executing its blocks again.\n",
                 r->rebuilt.height, r->rebuilt.size, hex_of(&r->after.root).s);
    if (r->rebuilt.stopped[0] != 0)
        (void)printf("It ends there: %s. The node fetches the rest from its partners.\n", r->rebuilt.stopped);
    (void)printf("Entries that wait: %" PRIu64 " kept, %" PRIu64 " lost.\n", r->rebuilt.outbox,
                 r->rebuilt.outbox_lost);
    if (r->rebuilt.prose_lost > 0)
        (void)printf("Texts beside entries that could not be read: %" PRIu64 "; they show as absent here.\n",
                     r->rebuilt.prose_lost);
    if (r->vote == DOCTOR_VOTES)
        (void)printf("It may vote: its vote journal is whole and not ahead of the store.\n");
    else
        (void)printf("It follows and does not vote: %s\n", r->vote_why);
    if (kept[0] != 0)
        (void)printf("The damaged store is kept in %s; remove it when all is well.\n", kept);
    (void)printf("Next: ententd run %s\n", d->dir);
}

void doctor_print(const struct doctor *d, const char *kept)
{
    const struct doctor_report *r = d->report;
    const struct examine_result *x = &r->result;
    if (x->blocks > 0)
        (void)printf("alliance  %s\nblocks    %" PRIu64 " whole, up to block %" PRIu64
                     " of %s\ntree      %" PRIu64 " leaves, root %s\n",
                     hex_of(&x->alliance).s, x->blocks, x->height, time_utc(x->time_ms).s, x->size,
                     hex_of(&x->root).s);
    (void)printf("records   %" PRIu64 " whole\nwaiting   %" PRIu64
                 " entries accepted here that are not final\n",
                 x->records, x->outbox);
    if (r->documents + r->documents_missing > 0)
        (void)printf("documents %" PRIu64 " whole; %" PRIu64 " more that the record names are not here\n", r->documents,
                     r->documents_missing);
    if (r->vote == DOCTOR_VOTES && r->journal_height > 0)
        (void)printf("votes     yes; its vote journal is whole, at block %" PRIu64 "\n", r->journal_height);
    else if (r->vote == DOCTOR_VOTES)
        (void)printf("votes     yes; its vote journal is whole, and empty\n");
    else if (r->vote == DOCTOR_FOLLOWS)
        (void)printf("votes     no: %s\n", r->vote_why);
    for (size_t i = 0; i < r->n; i++)
        (void)printf("DAMAGED   %s: %s\n", r->findings[i].part, r->findings[i].text);
    if (r->found > r->n)
        (void)printf("DAMAGED   and %" PRIu64 " things more\n", r->found - r->n);
    if (r->found == 0) {
        (void)printf("Everything is whole.\n");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(meaning); i++)
        if (is_damaged(d, meaning[i].part))
            (void)printf("\n%s\n", meaning[i].means);
    if (r->store_found > 0)
        (void)printf("\n%s\n", store_means);
    if (r->store_found > 0 && kept == NULL && !d->store_only)
        (void)printf(store_do, d->dir);
    if (kept != NULL)
        print_repair(d, kept);
}

static void set_hash(json_t *o, const char *key, const struct hash *h)
{
    (void)json_object_set_new(o, key, json_string(hex_of(h).s));
}

static void set_number(json_t *o, const char *key, uint64_t n)
{
    (void)json_object_set_new(o, key, json_integer((json_int_t)n));
}

void doctor_print_json(const struct doctor *d, const char *kept)
{
    static const char *const votes[] = {"unknown", "yes", "no"};
    const struct doctor_report *r = d->report;
    const struct examine_result *x = &r->result;
    json_t *o = json_object(), *list = json_array();
    (void)json_object_set_new(o, "directory", json_string(d->dir));
    (void)json_object_set_new(o, "whole", json_boolean(r->found == 0));
    set_hash(o, "alliance", &x->alliance);
    set_hash(o, "root", &x->root);
    set_hash(o, "state_root", &x->state_root);
    set_number(o, "height", x->height);
    set_number(o, "size", x->size);
    set_number(o, "time_ms", x->time_ms);
    set_number(o, "records", x->records);
    set_number(o, "blocks", x->blocks);
    set_number(o, "outbox", x->outbox);
    set_number(o, "damages", r->found);
    if (r->has_documents) {
        set_number(o, "documents", r->documents);
        set_number(o, "documents_missing", r->documents_missing);
    }
    (void)json_object_set_new(o, "votes", json_string(votes[r->vote]));
    if (r->vote_why[0] != 0)
        (void)json_object_set_new(o, "why_not", json_string(r->vote_why));
    for (size_t i = 0; i < r->n; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "part", r->findings[i].part, "text", r->findings[i].text));
    (void)json_object_set_new(o, "findings", list);
    if (kept != NULL) {
        json_t *p = json_object();
        set_number(p, "height", r->rebuilt.height);
        set_number(p, "size", r->rebuilt.size);
        set_hash(p, "root", &r->after.root);
        set_number(p, "outbox", r->rebuilt.outbox);
        set_number(p, "outbox_lost", r->rebuilt.outbox_lost);
        set_number(p, "texts_lost", r->rebuilt.prose_lost);
        (void)json_object_set_new(p, "stopped", json_string(r->rebuilt.stopped));
        (void)json_object_set_new(p, "kept", json_string(kept));
        (void)json_object_set_new(o, "repair", p);
    }
    (void)json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    (void)puts("");
    json_decref(o);
}
