/* What the rest of the node asks of the state: validators, clock, next deadline. */
#include "gov/party.h"

/* GOV-30 */
enum status gov_validators(const struct view *v, struct arena *a, struct validator_set *ret_set,
                           struct err *err)
{
    struct validator_set set = {.members = {.v = arena_array(a, LIMIT_VALIDATORS, sizeof(struct validator))}};
    if (set.members.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the validators");
    for (struct tkey from = party_first();;) {
        struct span org;
        struct state_party p;
        enum status st = party_next(v, a, &from, &org, &p, err);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        if (!party_votes(&p))
            continue;
        if (set.members.n == LIMIT_VALIDATORS)
            return err_set(err, ST_CORRUPT, "more than %d voting nodes", LIMIT_VALIDATORS);
        set.members.v[set.members.n++] =
            (struct validator){.org = org, .vote = p.node.vote, .cosign = p.node.cosign};
    }
    *ret_set = set;
    return ST_OK;
}

enum status gov_parties(const struct view *v, struct arena *a, struct gov_party_list *ret_parties,
                        struct err *err)
{
    enum { MOST = 128 }; /* charter_parties */
    struct gov_party_list l = {0, arena_array(a, MOST, sizeof *l.v)};
    if (l.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the organisations");
    for (struct tkey from = party_first();;) {
        struct gov_party p;
        enum status st = party_next(v, a, &from, &p.org, &p.party, err);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        if (l.n == MOST)
            return err_set(err, ST_CORRUPT, "more than %d organisations", MOST);
        l.v[l.n++] = p;
    }
    *ret_parties = l;
    return ST_OK;
}

enum status gov_clock(const struct view *v, struct arena *a, struct gov_clock *ret_clock, struct err *err)
{
    struct state_section s;
    struct charter_clock c;
    struct tkey k = tkey_section(SECTION_CLOCK);
    TRY(state_need(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err));
    TRY(codec_decode(&charter_clock_desc, s.body, a, &c, err));
    *ret_clock = (struct gov_clock){
        .precision_ms = c.precision_ms,
        .late_after_ms = c.late_after_ms,
        .propose_ms = c.propose_ms,
        .vote_ms = c.vote_ms,
        .step_ms = c.step_ms,
        .block_entries = (uint32_t)c.block_entries,
        .block_bytes = (uint32_t)c.block_bytes,
    };
    return ST_OK;
}
