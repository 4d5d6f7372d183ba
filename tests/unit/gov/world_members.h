/* world_members: acts of the world about organisations, their nodes and keys. */
#ifndef ENT_TESTS_GOV_WORLD_MEMBERS_H
#define ENT_TESTS_GOV_WORLD_MEMBERS_H

#include "fixture/newcard.h"
#include "gov/party.h"
#include "world.h"

/* Of an organisation, from its name. maker has one from the founding. */
struct public_key world_recovery_key(const char *org);

/* Card of a newcomer: all seats of a partner, each held by the key named after it; with a recovery key. */
void world_newcomer(struct world *w, const char *org, struct fixture_card *ret);
/* The effect that admits it. */
struct effect world_admit(struct world *w, const struct fixture_card *c, enum role role);
/* Effects without parts: remove, exit. */
extern const struct effect world_remove, world_exit;
/* Proposed by brand/sponsor, approved by the sponsors, its notice waited for: number of the decision. */
uint64_t world_decided(struct world *w, const char *type, const struct world_proposal *p);
/* The same, and it took effect. */
uint64_t world_effective(struct world *w, const char *type, const struct world_proposal *p);
/* A newcomer that was admitted, and is ready when said. */
void world_joined(struct world *w, const char *org, struct fixture_card *card, bool ready);

enum verdict world_input(struct world *w, const char *seat, uint64_t n, enum input_type type,
                         const char *consulted);
enum verdict world_node(struct world *w, const char *registrar, struct span card);
/* By ORG/node, with the key that PARTY names. */
enum verdict world_ready(struct world *w, const char *org, uint64_t height);
enum verdict world_support(struct world *w, const char *org, uint64_t rules);
enum verdict world_node_entry(struct world *w, const char *org, uint64_t kind, const struct record_desc *d,
                              const void *body);
struct signature world_recovery_signature(struct world *w, const struct recover *r, uint64_t after,
                                          const char *signer);
/* after: recoveries before; signed by the recovery key of signer. card may be empty. */
enum verdict world_recover(struct world *w, const char *seat, const char *org, const char *key1,
                           const char *key2, uint64_t after, struct span card, const char *signer);
enum verdict world_replace_registrar(struct world *w, const char *seat, const char *key1, const char *key2);
enum verdict world_cancel(struct world *w, const char *seat, uint64_t leaf);
/* By its public key, not its name. */
enum verdict world_revoke_key(struct world *w, const char *registrar, const struct hash *key);

struct state_party world_party(struct world *w, const char *org);
struct state_key world_key_state(struct world *w, const struct hash *key);
struct state_seat world_seat(struct world *w, const char *seat);
bool world_holds(struct world *w, const char *seat, const char *key);
size_t world_validators(struct world *w);

#define EXPECT_STANDING(w, org, want)                                                                        \
    do {                                                                                                     \
        struct state_party p_ = world_party(w, org);                                                         \
        cr_assert(party_standing(&p_) == (want), "%s is %s, expected %s", org,                               \
                  enum_text(&standing_enum, party_standing(&p_)), enum_text(&standing_enum, want));          \
    } while (0)

#endif
