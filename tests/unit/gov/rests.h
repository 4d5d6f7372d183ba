/* rests: worlds for what decisions rest on, last days, refresh and triggers: charters that a test edits, and proposals with
 * all their keys. */
#ifndef ENT_TESTS_GOV_RESTS_H
#define ENT_TESTS_GOV_RESTS_H

#include "gov/item.h"
#include "gov/reading.h"
#include "gov/reliance.h"
#include "gov/trigger.h"
#include "readings.h"
#include "world_items.h"
#include "world_members.h"

/* The charter that is edited: that of world.h with the metrics of readings.h, a thesis, conflicts, risks; amendments have no
 * notice. */
void rests_begin(void);
/* Its first `find` becomes `put`. */
void rests_edit(const char *find, const char *put);
/* Lines more: at its end; in section metrics; in section decisions. */
void rests_add(const char *lines);
void rests_add_metric(const char *line);
void rests_add_row(const char *line);
void rests_found(struct world *w);
/* It is refused, and says so. */
void rests_refused(struct world *w, const char *why);
/* What a section of the edited charter would be. */
struct span rests_body(struct world *w, enum section_id id);
/* An amendment to that takes effect at once: its number. */
uint64_t rests_amend(struct world *w, enum section_id id);
/* The same to this body: proposed by brand's seat of the row, not yet approved. */
uint64_t rests_propose_amendment(struct world *w, enum section_id id, struct span body);
/* The three seats of this name approve. */
void rests_approve(struct world *w, uint64_t n, const char *seat_name);

/* --- Proposals --- */
struct proposal rests_proposal(void);
void rests_on_assumption(struct world *w, struct proposal *p, uint64_t n);
void rests_on_reading(struct world *w, struct proposal *p, uint64_t n); /* as it is now */
void rests_on_clause(struct world *w, struct proposal *p, const char *clause);
void rests_until(struct proposal *p, const char *date);
enum verdict rests_propose(struct world *w, const char *seat, const char *type, const struct proposal *p);
enum verdict rests_revise(struct world *w, const char *seat, uint64_t n, const struct proposal *p);
enum verdict rests_recommend(struct world *w, const char *seat, uint64_t n, const struct proposal *p);

/* --- What came of it --- */
bool rests_relied(struct world *w, enum relied what, uint64_t number, uint64_t decision);
size_t rests_relied_rows(struct world *w);
size_t rests_events(struct world *w, uint64_t n, enum event_type type);
/* Words of the newest event of that type; fails when there is none. */
const char *rests_words(struct world *w, uint64_t n, enum event_type type);
/* How many of a type there are; the newest is that number. */
uint64_t rests_items(struct world *w, enum item_type type);
/* The n-th last action. */
struct state_item rests_action(struct world *w, uint64_t back);
bool rests_links_clause(const struct state_item *it, const char *clause);
bool rests_links_decision(const struct state_item *it, uint64_t n);
bool rests_links_item(const struct state_item *it, enum item_type type, uint64_t n);
/* An assumption of brand/quality, and it is falsified by brand and maker. */
uint64_t rests_assume(struct world *w);
void rests_falsify(struct world *w, uint64_t n);
/* revenue of a month, reported by distributor/finance, and countersigned: its number. */
uint64_t rests_month(struct world *w, const char *ended, const char *from, const char *value);
/* The seats of an organisation leave with it: by a decision of the row exit. */
void rests_leave(struct world *w, const char *org);

/* --- Triggers: the row; whether it holds; how many actions it asks with --- */
struct state_trigger rests_trigger(struct world *w, enum trigger_type type, const char *name);
bool rests_holds(struct world *w, enum trigger_type type, const char *name);
size_t rests_asked(struct world *w, enum trigger_type type, const char *name);
bool rests_first_holds(struct world *w); /* the first consequence */
uint64_t rests_actions(struct world *w);
/* What conditions count: an issue of brand/finance, a proposal of the row terms. */
void rests_issue(struct world *w);
void rests_terms(struct world *w);

#define EXPECT_WORDS(it, text)                                                                                                        \
    cr_assert(span_eqs((it).words, text), "words: %.*s", SPAN_FMT((it).words))
#define EXPECT_DOUBTED(w, n, text)                                                                                                    \
    do {                                                                                                                              \
        const char *got_ = rests_words(w, n, EVENT_DOUBTED);                                                                          \
        cr_assert_str_eq(got_, text);                                                                                                 \
    } while (0)

#endif
