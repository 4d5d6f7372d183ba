/* doctor: is a stopped node's directory whole, and if not, what is damaged, what does it mean, what to do.
 * All reading of the store happens in child processes: damage can end a process that reads LMDB's file, and
 * that is then told as damage. */
#ifndef ENT_NODE_DOCTOR_H
#define ENT_NODE_DOCTOR_H

#include "node/config.h"
#include "recovery/examine.h"
#include "recovery/rebuild.h"

enum { DOCTOR_FINDINGS = 100 };

struct doctor_finding {
    char part[24]; /* "settings", "keys", "documents", "store", a table, "chain", "tree", "state", "rows", "journal" */
    char text[400];
};

enum doctor_vote {
    DOCTOR_UNKNOWN, /* the store did not say, or only the store was looked at */
    DOCTOR_VOTES,   /* its journal is whole and belongs here */
    DOCTOR_FOLLOWS, /* it follows and does not vote: why says why */
};

/* Memory that parent and children share. */
struct doctor_report {
    struct examine_result result;
    struct rebuild_result rebuilt;
    struct examine_result after; /* of the rebuilt store */
    enum doctor_vote vote;
    char vote_why[512];
    uint64_t journal_height; /* 0: no vote in it */
    bool has_documents;
    uint64_t documents, documents_missing; /* whole; named by the record, as far as the node looked, and not here */
    size_t n;
    struct doctor_finding findings[DOCTOR_FINDINGS];
    uint64_t found, store_found; /* may be more than n */
    char where[160];             /* what a child was about to read */
    enum status st;              /* of a child's work */
    struct err err;
};

struct doctor {
    const char *dir;
    bool store_only; /* only DIR/store: asked for, or DIR is a backup */
    bool readable;   /* settings were read: cfg is filled */
    struct config cfg;
    struct arena a;
    int lock_fd;
    struct doctor_report *report;
};

/* Examines. ST_LOCKED: the node runs. ST_NOTFOUND: nothing of a node is there. Damage is in the report, not
 * in the status. */
MUST_USE enum status doctor_open(struct doctor *d, const char *dir, bool store_only, struct err *err);
void doctor_close(struct doctor *d);
void doctor_examine(struct doctor *d);

/* repair.c. Makes a new store beside the old one from what is whole, and puts it in its place; the old one
 * stays as store.damaged-N. What happened is in report->rebuilt, after and vote. ret_kept: where the damaged
 * one is, in d->a. */
MUST_USE enum status doctor_repair(struct doctor *d, const char **ret_kept, struct err *err);

/* doctor_print.c. For people, and as JSON. kept NULL: nothing was repaired. */
void doctor_print(const struct doctor *d, const char *kept);
void doctor_print_json(const struct doctor *d, const char *kept);

/* doctor.c, for repair.c: runs work in a child; its report is what the child wrote. False: the child ended by
 * a signal. */
bool doctor_child(struct doctor *d, void (*work)(struct doctor *d, size_t i), size_t i);
__attribute__((format(printf, 3, 4))) void doctor_say(struct doctor *d, const char *part, const char *fmt,
                                                      ...);
/* In a child: opens DIR/NAME under the doctor's own lock, or under one taken for it. NULL: the report says
 * why. */
MUST_USE struct store *doctor_open_store(struct doctor *d, const char *name, bool locked);
void doctor_at(void *ctx, const char *where);
/* Would the node vote if it were started now? Into the report. */
void doctor_vote(struct doctor *d);

#endif
