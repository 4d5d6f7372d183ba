/* charter_model: the decoded charter, and the questions governance asks of it. Pure: no YAML, no files, no
 * clock; memory comes from the arena given. All spans returned are borrowed from the sections or the arena.
 */
#ifndef ENT_CHARTER_MODEL_H
#define ENT_CHARTER_MODEL_H

#include "codec/codec.h"

/* Decoded sections. The optional ones are NULL when the charter does not have them; the others never are. */
struct charter {
    const struct charter_alliance *alliance;
    const struct charter_core *core;
    const struct charter_clock *clock;
    const struct charter_term *term;
    const struct charter_agreements *agreements; /* optional */
    const struct charter_partner_seats *partner_seats;
    const struct charter_parties *parties;
    const struct charter_calendars *calendars;
    const struct charter_thesis *thesis;           /* optional */
    const struct charter_boundaries *boundaries;   /* optional */
    const struct charter_commitments *commitments; /* optional */
    const struct charter_bodies *bodies;
    const struct charter_ladders *ladders;
    const struct charter_decisions *decisions;
    const struct charter_conflicts *conflicts; /* optional, and so all that follow */
    const struct charter_sessions *sessions;
    const struct charter_metrics *metrics;
    const struct charter_budgets *budgets;
    const struct charter_incentives *incentives;
    const struct charter_consequences *consequences;
    const struct charter_reports *reports;
    const struct charter_risks *risks;
    const struct charter_sharing *sharing;
    const struct charter_compliance *compliance;
    const struct charter_launch *launch;
    const struct charter_procedures *procedures;
    const struct charter_glossary *glossary;
    const struct charter_norms *norms;
    const struct charter_refresh *refresh;
    const struct charter_exit *exit;
};

/* Descriptor of a section's body; NULL for an unknown number. */
const struct record_desc *charter_section_desc(uint64_t number);
/* Must every charter have it? */
bool charter_section_required(uint64_t number);
/* Decoded section by number; NULL when it is not there or unknown. */
const void *charter_section_of(const struct charter *c, uint64_t number);

/* Decodes one section's body: canonical bytes, order of lists (ENC-13), parts well formed (a selector names a
 * body or a seat, and so on). ret_value has the size of the descriptor. ST_FORMAT, ST_RANGE with words;
 * ST_LIMIT: arena. */
MUST_USE enum status charter_decode_section(uint64_t number, struct span body, struct arena *a,
                                            void *ret_value, struct err *err);
/* Decodes a whole charter, sections in any order, none twice. Bodies must outlive it. Does not check what the
 * sections say of each other: check.h. */
MUST_USE enum status charter_decode(const struct section *sections, size_t n, struct arena *a,
                                    struct charter *ret_charter, struct err *err);
/* The charter with one section replaced (an amendment): a shallow copy. */
MUST_USE enum status charter_with(const struct charter *c, uint64_t number, struct span body, struct arena *a,
                                  struct charter *ret_charter, struct err *err);

/* By name; NULL when there is none. Binary search: lists ascend. */
const struct charter_party *charter_party(const struct charter *c, struct span org);
const struct charter_calendar *charter_calendar(const struct charter *c, struct span name);
const struct charter_body *charter_body(const struct charter *c, struct span name);
const struct charter_ladder *charter_ladder(const struct charter *c, struct span name);
const struct charter_row *charter_row(const struct charter *c, struct span type);
const struct charter_metric *charter_metric(const struct charter *c, struct span name);
/* The section's metrics and, each in its place by name, the commitments that none of them has the name of: a commitment
 * is reported by its partner's alliance-manager and countersigned by another's (MET-12). promised may be NULL; ret may be
 * metrics. ST_LIMIT when the arena is full. */
MUST_USE enum status charter_all_metrics(const struct charter_metric_list *metrics, const struct charter_commitments *promised,
                                         struct arena *a, struct charter_metric_list *ret);
/* Is it one of those commitments? Its reporter is named as its countersigner, which no metric of a sound charter is. */
bool charter_is_commitment(const struct charter_metric *d);
const struct charter_budget *charter_budget(const struct charter *c, struct span name);
/* An exit trigger. */
const struct charter_indicator *charter_trigger(const struct charter *c, struct span name);

bool charter_is_partner(const struct charter *c, struct span org);
/* Partners, ascending. ST_LIMIT. */
MUST_USE enum status charter_partners(const struct charter *c, struct arena *a, struct span_list *ret_orgs);

/* Cuts "org/seat". False when there is no slash. */
bool charter_split_seat(struct span seat, struct span *ret_org, struct span *ret_name);
/* Has the organisation this seat (its own, or one that every partner fills)? */
bool charter_has_seat(const struct charter *c, struct span org, struct span name);
/* All seats of an organisation as "org/seat", ascending. */
MUST_USE enum status charter_seats_of(const struct charter *c, struct span org, struct arena *a,
                                      struct span_list *ret_seats);

/* Does the selector name this seat ("org/seat") of the charter? A body: any seat of the body. "x of every
 * partner" names seats of partners only. */
bool charter_selects(const struct charter *c, const struct charter_selector *s, struct span seat);
/* The same for any of a list. */
bool charter_selects_any(const struct charter *c, const struct charter_selector_list *l, struct span seat);
/* All seats that the selector names, ascending; of one organisation when org.n != 0. */
MUST_USE enum status charter_select(const struct charter *c, const struct charter_selector *s,
                                    struct span org, struct arena *a, struct span_list *ret_seats);
/* The same for any of a list; none twice. */
MUST_USE enum status charter_select_any(const struct charter *c, const struct charter_selector_list *l, struct span org,
                                        struct arena *a, struct span_list *ret_seats);
/* How many seats of this organisation the selector names. */
size_t charter_count_seats(const struct charter *c, const struct charter_selector *s, struct span org);
/* Is it a rung of mediation: one seat of an organisation that is no partner? */
bool charter_rung_mediates(const struct charter *c, const struct charter_rung *r);

/* What is core: the sections listed, and all that the rows charter-core, charter-policy, admission, removal,
 * renewal and exit refer to. Names ascend. */
struct charter_core_set {
    uint64_t sections; /* bit n: section n as a whole */
    struct span_list rows, bodies, ladders, calendars;
};
MUST_USE enum status charter_core_of(const struct charter *c, struct arena *a,
                                     struct charter_core_set *ret_set);
/* Is this member of the section core (a row, body, ladder or calendar), or the section as a whole? */
bool charter_is_core(const struct charter_core_set *s, uint64_t number, struct span name);
/* Does this amendment of a section touch what is core, before or after it? ret_what (may be NULL) names it:
 * "body steering", or "section parties". */
MUST_USE enum status charter_touches_core(const struct charter *before, const struct charter *after,
                                          uint64_t number, struct arena *a, bool *ret_touches,
                                          const char **ret_what);

/* Decimals of a currency: ISO 4217, list one, those that are not 2. */
uint32_t charter_currency_decimals(struct span currency);
/* Text in the arena; NULL when it is full. */
__attribute__((format(printf, 2, 3))) const char *charter_text(struct arena *a, const char *fmt, ...);

#endif
