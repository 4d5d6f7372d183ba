/* What the rest of the node asks of the state: validators, clock, next deadline. */
#include "gov/state.h"

enum status gov_validators(const struct view *v, struct arena *a, struct validator_set *ret_set,
                           struct err *err)
{
    struct validator_set set = {.members = {.v = arena_array(a, LIMIT_VALIDATORS, sizeof(struct validator))}};
    if (set.members.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the validators");
    struct tkey from = {0};
    from.b[from.n++] = 0;
    for (;;) {
        struct span key, value;
        enum status st = view_next(v, TABLE_PARTY, tkey_span(&from), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        struct state_party p;
        TRY(codec_decode(&state_party_desc, value, a, &p, err));
        if (p.role == ROLE_PARTNER || p.role == ROLE_WITNESS) {
            if (set.members.n == LIMIT_VALIDATORS)
                return err_set(err, ST_CORRUPT, "more than %d voting nodes", LIMIT_VALIDATORS);
            struct validator *m = &set.members.v[set.members.n++];
            *m = (struct validator){.org = arena_dup(a, key), .vote = p.node.vote, .cosign = p.node.cosign};
            if (m->org.p == NULL)
                return err_set(err, ST_LIMIT, "out of room for the validators");
        }
        from = tkey_text(key);
        from.b[from.n++] = 0;
    }
    *ret_set = set;
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
