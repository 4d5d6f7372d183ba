/* world_items: items in the world of the tests. The charter has more sections: conflicts, risks, compliance,
 * launch, thesis. */
#ifndef ENT_TESTS_GOV_WORLD_ITEMS_H
#define ENT_TESTS_GOV_WORLD_ITEMS_H

#include "gov/item.h"
#include "world.h"

/* The charter of world.h with the sections that items look at, and the row risk-acceptance. */
void world_found_items(struct world *w);
/* The same with these lines more in section metrics. */
void world_found_items_with(struct world *w, const char *metrics);
/* The same, with the metrics of readings.h besides. */
void world_found_watched(struct world *w);

/* A new item of a type with what its row must have: due 2026-03-31, category operational 3 x 4, control
 * food-safety, against maker/finance. change (may be NULL) then alters it. */
struct world_item {
    const char *owner, *against, *name, *category, *tag;
    uint64_t due; /* days; 0: as above */
    uint64_t likelihood, impact;
    struct item_link link; /* when it has one */
    const struct charter_share *sharing;
    size_t n_sharing;
    const struct item_indicator *indicators;
    size_t n_indicators;
    uint64_t without; /* keys, as bits, that it shall not have though its type must */
    uint64_t with;    /* keys that it shall have though its type has none */
};
enum verdict world_item_new(struct world *w, const char *seat, enum item_type type,
                            const struct world_item *o);

struct world_step {
    const char *to;
    uint64_t due, likelihood, impact;
    enum assumed finding;
    struct item_link link;
    bool document, text;
    const struct item_indicator *indicators; /* when not NULL: n_indicators of them */
    size_t n_indicators;
    uint64_t with; /* keys of item_move, as bits, that it shall have besides */
};
/* Text is given where the step must have one, and with text. */
enum verdict world_step(struct world *w, const char *seat, enum item_type type, uint64_t n,
                        enum item_step step, const struct world_step *o);
struct state_item world_item_of(struct world *w, enum item_type type, uint64_t n);
/* The n-th last event: 0 the newest. */
struct state_item_event world_item_event(struct world *w, enum item_type type, uint64_t n, uint64_t back);
uint64_t world_day(const char *date);
/* "revenue < 42.0"; periods 1: for one. */
struct item_indicator world_indicator(const char *metric, enum comparison op, const char *number, uint64_t periods);
struct item_link world_link_item(enum item_type type, uint64_t n);
struct item_link world_link_decision(uint64_t n);

#define EXPECT_ITEM(w, type, n, want)                                                                        \
    do {                                                                                                     \
        enum item_phase got_ = world_item_of(w, type, n).phase;                                              \
        cr_assert(got_ == (want), "%s is %s, expected %s", item_id(type, n).s,                               \
                  enum_text(&item_phase_enum, got_), enum_text(&item_phase_enum, want));                     \
    } while (0)
#define EXPECT_ITEM_EVENT(w, item_kind, n, back, want)                                                       \
    do {                                                                                                     \
        struct state_item_event got_ = world_item_event(w, item_kind, n, back);                              \
        cr_assert(got_.type == (want), "%s: %s, expected %s", item_id(item_kind, n).s,                       \
                  enum_text(&item_event_enum, got_.type), enum_text(&item_event_enum, want));                \
    } while (0)

#endif
