/* CER-9: the certificate of a decision that was in effect until its last day. */
#include <criterion/criterion.h>
#include "audit/certificate.h"
#include "certify/certify.h"
#include "story.h"

static struct story s;

static void approve(size_t org)
{
    struct state_decision d = story_decision(&s, 1);
    struct ballot b = {.decision = {.number = 1, .digest = d.digest}, .rung = d.rung, .choice = CHOICE_APPROVE};
    story_act(&s, KIND_BALLOT, &b, org, LEAD, false);
    story_block(&s, 1000);
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

Test(certificate_expired, CER_9_the_phase_that_expired_leaves, .timeout = 60)
{
    struct certificate_report r;
    struct verify_failure fail = {0};
    struct err err = {0};
    story_begin(&s, 11);
    struct propose p = {.type = span_str("commercial-terms"), .proposal = {.effect = {.type = EFFECT_NONE}}};
    p.proposal.until = s.now_ms / 86400000;
    SET_HAS(&p.proposal, proposal_key_until);
    story_text(&s, "Rebate of two per cent, today", &p.proposal.title);
    story_act(&s, KIND_PROPOSE, &p, 0, LEAD, true);
    story_block(&s, 1000);
    for (size_t i = 0; i < 3; i++)
        approve(i);
    cr_assert_eq(story_decision(&s, 1).phase, PHASE_EFFECTIVE);
    story_block(&s, 86400000);
    cr_assert_eq(story_decision(&s, 1).phase, PHASE_EXPIRED);
    struct span bytes = certificate();
    FILE *in = fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "rb");
    enum status st = certificate_check(in, &s.f.genesis.alliance, &s.a, &r, &fail, &err);
    (void)fclose(in);
    cr_assert_eq(st, ST_OK, "%s: %s", fail.region, fail.why);
    cr_assert_eq(r.decision.phase, PHASE_EXPIRED);
    cr_assert_eq(r.events[r.n_events - 1].event.type, EVENT_EXPIRED);
    story_end(&s);
}
