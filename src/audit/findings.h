/* findings: what an auditor asks about first: everything in a record that was out of the ordinary. */
#ifndef ENT_AUDIT_FINDINGS_H
#define ENT_AUDIT_FINDINGS_H

#include "audit/record.h"
#include "audit/sheet.h"

enum finding_kind {
    FINDING_DEEMED,    /* silence counted as approval */
    FINDING_DEFAULT,   /* a ladder ended: the default of the row, or of a conflict, was applied */
    FINDING_ESCALATED, /* by itself or by hand */
    FINDING_ACT_FIRST,
    FINDING_ALTERNATE, /* an alternate's ballot */
    FINDING_INSTEAD,   /* a ballot in the stead of a recused seat */
    FINDING_NEW_KEY,   /* the key that signed a ballot, or the alternate, was new */
    FINDING_SUSPECT,   /* signed by a key later said to be suspect from before then */
    FINDING_HALT,
    FINDING_LATE, /* an item, a review, an offer, a reading, its check */
    FINDING_WARNED, /* an early warning of a risk fired */
    FINDING_REFOUNDING,
    FINDING_RECOVERY,
    FINDING_REGISTRAR,
    FINDING_TAKEOVER, /* a node's keys replaced */
    FINDING_REVOKED,
    FINDING_SUSPENDED,
    FINDING_FAULT,
    FINDING_ERASED,   /* texts that a decision erased (ERA-2) */
    FINDING_LEFT,     /* and that the pack has all the same */
    FINDING_TEXT,     /* texts absent from the pack, erased by no decision: withheld by who exported it, or lost */
    FINDING_DOCUMENT, /* documents named; a pack holds none */
    FINDING_KINDS
};
/* "deemed consent" of a line; "deemed" of the summary. */
extern const char *const finding_text[FINDING_KINDS];

/* A key is new before the end of so many business days after the day on which it was set, by the decision's
 * calendar. Keys of the founding are not. */
enum { FINDING_NEW_KEY_BD = 5 };

struct finding {
    enum finding_kind kind;
    uint64_t leaf, at_ms;
    const char *id, *seat, *words;
    uint64_t amount; /* halts: milliseconds; act-first: 1 when ratified */
};

struct finding_list {
    struct finding *v;
    size_t n, cap;
    uint64_t texts, documents; /* absent, and not erased; counted also where v does not list them */
    uint64_t erased, left;     /* texts that a decision erased: absent; there all the same */
};

/* By kind, then by leaf; in the record's arena. each: with a line for every entry that names texts or documents that the
 * pack does not have, which may be most of them. ST_CORRUPT. */
MUST_USE enum status findings_of(const struct audit_record *r, bool each, struct finding_list *ret, struct err *err);
/* "deemed 2 · defaults 1 · ...": kinds that there are; or "no exceptions". */
const char *findings_summary(const struct finding_list *l, struct arena *a);
void findings_sheet(const struct finding_list *l, struct arena *a, struct sheet *ret);
/* "3 h 10 min" */
const char *duration_text(struct arena *a, uint64_t ms);

#endif
