/* CER-9: certificates of decisions that were in effect, and are no more: until a last day, or until another took their place. */
#include <criterion/criterion.h>
#include "audit/certificate.h"
#include "certify/certify.h"
#include "story.h"

static struct story s;

static void approve(uint64_t n, size_t org)
{
    struct state_decision d = story_decision(&s, n);
    struct ballot b = {.decision = {.number = n, .digest = d.digest}, .rung = d.rung, .choice = CHOICE_APPROVE};
    story_act(&s, KIND_BALLOT, &b, org, LEAD, false);
    story_block(&s, 1000);
}

/* Proposed, and approved by all: in effect. */
static void decide(uint64_t n, struct propose *p, const char *title)
{
    p->type = span_str("commercial-terms");
    p->proposal.effect.type = EFFECT_NONE;
    story_text(&s, title, &p->proposal.title);
    story_act(&s, KIND_PROPOSE, p, 0, LEAD, true);
    story_block(&s, 1000);
    for (size_t i = 0; i < 3; i++)
        approve(n, i);
    cr_assert_eq(story_decision(&s, n).phase, PHASE_EFFECTIVE);
}

static struct span certificate(void)
{
    struct certify *c = certify_new(1);
    struct err err = {0};
    bool done = false;
    char *p = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&p, &n);
    cr_assert_eq(certify_begin(c, s.f.genesis_bytes, story_note(&s, s.n_blocks - 1), &err), ST_OK, "%s", err.text);
    for (size_t i = 0; !done; i++)
        cr_assert_eq(certify_block(c, &s.blocks[i], &done, &err), ST_OK, "%s", err.text);
    cr_assert_eq(certify_write(c, out, &err), ST_OK, "%s", err.text);
    cr_assert_eq(fclose(out), 0);
    struct span bytes = arena_dup(&s.a, span_of(p, n));
    free(p);
    certify_free(c);
    return bytes;
}

/* D-1's certificate verifies, with that phase and that as its last event. */
static void ended(enum phase phase, enum event_type last)
{
    struct certificate_report r;
    struct verify_failure fail = {0};
    struct err err = {0};
    struct span bytes = certificate();
    FILE *in = fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "rb");
    enum status st = certificate_check(in, &s.f.genesis.alliance, &s.a, &r, &fail, &err);
    (void)fclose(in);
    cr_assert_eq(st, ST_OK, "%s: %s", fail.region, fail.why);
    cr_assert_eq(r.decision.phase, phase);
    cr_assert_eq(r.events[r.n_events - 1].event.type, last);
}

Test(certificate_ended, CER_9_the_phase_that_expired_leaves, .timeout = 60)
{
    struct propose p = {0};
    story_begin(&s, 11);
    p.proposal.until = s.now_ms / 86400000;
    SET_HAS(&p.proposal, proposal_key_until);
    decide(1, &p, "Rebate of two per cent, today");
    story_block(&s, 86400000);
    cr_assert_eq(story_decision(&s, 1).phase, PHASE_EXPIRED);
    ended(PHASE_EXPIRED, EVENT_EXPIRED);
    story_end(&s);
}

Test(certificate_ended, CER_9_the_phase_that_superseded_leaves, .timeout = 60)
{
    struct propose p = {0};
    story_begin(&s, 12);
    decide(1, &p, "Rebate of two per cent");
    p.proposal.supersedes = 1;
    SET_HAS(&p.proposal, proposal_key_supersedes);
    decide(2, &p, "Rebate of one per cent");
    cr_assert_eq(story_decision(&s, 1).phase, PHASE_SUPERSEDED);
    ended(PHASE_SUPERSEDED, EVENT_SUPERSEDED);
    story_end(&s);
}
