/* world_grants: sharing in the world of the tests. */
#ifndef ENT_TESTS_GOV_WORLD_GRANTS_H
#define ENT_TESTS_GOV_WORLD_GRANTS_H

#include "gov/grant.h"
#include "readings.h"
#include "world_items.h"

/* The charter of world.h with the section sharing, and the row data-sharing: its owners are each partner's quality, and
 * each partner's finance approves.
 *   plans    each partner can
 *   prices   brand cannot, distributor can, maker could
 *   formula  brand and distributor could, maker can; trustee is no partner
 *   audit-right of each by each, to be answered in 10 bd, 2 a year */
void world_found_grants(struct world *w);
/* The same without the row (false), or without the section sharing. */
void world_found_sharing(struct world *w, bool row, bool sharing);

/* A grant of a class to these partners (up to three; NULL ends) until a day. */
struct grant world_grant(struct world *w, const char *info_class, const char *const *to, const char *until);
/* It is derived from these (0 ends). */
void world_derive(struct world *w, struct grant *g, const uint64_t *from);
/* It rests on this decision. */
void world_rest(struct world *w, struct grant *g, uint64_t decision);
enum verdict world_share(struct world *w, const char *seat, const struct grant *g);
struct state_grant world_grant_of(struct world *w, uint64_t number);

/* What becomes of it. A text is given to revoke, the grant's content to receive. */
struct grant_move world_grant_move(struct world *w, uint64_t number, enum grant_act act);
enum verdict world_grant_act(struct world *w, const char *seat, uint64_t number, enum grant_act act);

/* Is it in GRANT_LIVE? */
bool world_grant_live(struct world *w, uint64_t number);
/* Brand shares its plans, a content, with the two others until the end of June: G-1. */
void world_plans(struct world *w);

struct effect world_consent(struct world *w, const char *info_class, const char *const *to, const char *until);
/* Proposed by brand/quality and approved by all: in effect. Its number. */
uint64_t world_consented(struct world *w, const char *info_class, const char *const *to, const char *until);

#define TO(...) ((const char *[]){__VA_ARGS__, NULL})
#define EXPECT_GRANT(w, n, want)                                                                             \
    do {                                                                                                     \
        struct state_grant s_ = world_grant_of(w, n);                                                        \
        cr_assert(s_.standing == (want), "G-%d is %s, expected %s", (int)(n),                                \
                  enum_text(&grant_standing_enum, s_.standing), enum_text(&grant_standing_enum, want));      \
        cr_assert_eq(gov_check(&(w)->v, &(w)->a, &(w)->err), ST_OK, "%s", (w)->err.text);                    \
    } while (0)
#define EXPECT_HOLDING(w, n, org, want)                                                                      \
    do {                                                                                                     \
        struct state_grant s_ = world_grant_of(w, n);                                                        \
        const struct grant_holder *m_ = grant_member(&s_, span_str(org));                                    \
        cr_assert_not_null(m_);                                                                              \
        cr_assert(m_->holding == (want), "%s of G-%d: %s, expected %s", org, (int)(n),                       \
                  enum_text(&holding_enum, m_->holding), enum_text(&holding_enum, want));                    \
    } while (0)

#endif
