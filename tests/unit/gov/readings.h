/* readings: the world with metrics of every kind, and acts about readings. */
#ifndef ENT_TESTS_GOV_READINGS_H
#define ENT_TESTS_GOV_READINGS_H

#include "gov/reading.h"
#include "world_members.h"

/* world.charter.yaml with these metrics besides, and more lines (NULL: none) at its end.
 *   revenue  monthly, distributor/finance, checked by brand/finance
 *   uptime   weekly, each partner's finance within 2 d, checked by brand/finance
 *   trust    quarterly, sealed, a pulse of each partner
 *   score    monthly, sealed, each partner's sponsor, checked by maker/quality
 *   velocity monthly, computed */
extern const char readings_metrics[]; /* their lines */
void readings_found(struct world *w, const char *more);

/* First day of a period: "2026-03-01". */
uint64_t readings_day(const char *date);
/* "2026-03-01T08:00:00Z". */
uint64_t readings_ms(const char *time);
struct decimal readings_decimal(const char *text);

enum verdict readings_report(struct world *w, const char *seat, const char *metric, enum purpose purpose,
                             const char *period, const char *value);
/* value NULL: none; a reason is given. */
enum verdict readings_mark(struct world *w, const char *seat, uint64_t number, enum mark_act act,
                           const char *value);
/* A pulse of so many ones, twos, ... fives: histogram NULL shows only voices. */
struct sealed_value readings_pulse(struct world *w, const char *org, const char *metric, const char *period,
                                   uint64_t voices, const uint64_t histogram[5]);
struct sealed_value readings_sealed(const char *org, const char *metric, const char *period,
                                    const char *value);
/* Salt 7, 7, 7, ... */
enum verdict readings_commit(struct world *w, const char *seat, const struct sealed_value *s);
enum verdict readings_reveal(struct world *w, const char *seat, const struct sealed_value *s);

/* Its reading; fails when there is none. */
struct state_reading readings_of(struct world *w, const char *metric, enum purpose purpose,
                                 const char *period, const char *org);
struct state_reading readings_get(struct world *w, uint64_t number);
bool readings_is(const struct decimal *d, const char *text);

#define EXPECT_READING(w, number, want)                                                                      \
    do {                                                                                                     \
        struct state_reading r_ = readings_get(w, number);                                                   \
        cr_assert(r_.standing == (want), "K-%d is %s, expected %s", (int)(number),                           \
                  enum_text(&reading_standing_enum, r_.standing), enum_text(&reading_standing_enum, want));  \
    } while (0)

#endif
