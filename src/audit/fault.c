#include "audit/fault.h"
#include "audit/verify.h"
#include "cert/certificate.h"
#include "codec/codec.h"
#include "crypto/ed25519.h"

/* RFC 8032, section 5.1: L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
/* y of the points of order 1, 2, 4 and 8, and y + p where that is below 2^255; without the sign bit (SIG-4). */
static const uint8_t small[][32] = {
    {0},
    {1},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};

static bool below_order(const uint8_t s[32])
{
    for (size_t i = 32; i-- > 0;)
        if (s[i] != order[i])
            return s[i] < order[i];
    return false;
}

static bool of_small_order(const uint8_t r[32])
{
    uint8_t y[32];
    memcpy(y, r, sizeof y);
    y[31] &= 0x7f;
    for (size_t i = 0; i < ARRAY_LEN(small); i++)
        if (memcmp(y, small[i], sizeof y) == 0)
            return true;
    return false;
}

const char *fault_of_signature(const struct signature *s)
{
    bool hardware = s->alg == SIG_SK_ED25519;
    if (hardware != HAS(s, signature_key_flags) || hardware != HAS(s, signature_key_counter) || (hardware && (s->flags & 1) == 0))
        return "SIG-5";
    if (ed25519_check_key(&s->key) != ST_OK || !below_order(s->sig.b + 32) || of_small_order(s->sig.b))
        return "SIG-4";
    return hardware ? "SIG-5" : "SIG-1";
}

const char *fault_of_certificate(struct span bytes)
{
    struct arena a CLEANUP(arena_deinit);
    struct certificate c;
    struct err err;
    arena_init(&a, 0);
    if (codec_decode(&certificate_desc, bytes, &a, &c, &err) != ST_OK)
        return NULL;
    for (size_t i = 1; i < c.sigs.n; i++)
        if (span_cmp(c.sigs.v[i - 1].org, c.sigs.v[i].org) >= 0)
            return "ENC-13";
    return NULL;
}

const char *fault_in_certificate(struct span bytes, const struct hash *alliance, const struct block_record *rec, const struct hash *block,
                                 const struct validator_set *set, struct arena *a, struct certificate *ret, struct err *why)
{
    struct certificate c;
    struct err err;
    if (codec_decode(&certificate_desc, bytes, a, &c, &err) != ST_OK) {
        (void)err_set(why, ST_BADSIG, "%s: %s", verify_rule_of(&err, "CRT-1"), err.text);
    } else if (!hash_eq(&c.value, block) && c.height == rec->height && certificate_verify(&c, alliance, set, &err) == ST_OK) {
        (void)err_set(why, ST_BADSIG, "CRT-1: the certificate of height %" PRIu64 " is for block %s, this header is %s", rec->height,
                      hex_of(&c.value).s, hex_of(block).s);
        return "header";
    } else if (fault_of_certificate(bytes) != NULL) {
        (void)err_set(why, ST_BADSIG, "%s: the signatures of the certificate do not ascend by organisation", fault_of_certificate(bytes));
    } else if (certificate_verify_bytes(bytes, alliance, rec->epoch, rec->height, block, set, a, ret, &err) != ST_OK) {
        (void)err_set(why, ST_BADSIG, "%s: %s", verify_rule_of(&err, "CRT-1"), verify_words_of(&err));
    } else {
        return NULL;
    }
    return "certificate";
}

bool fault_ascends(const struct refounding_info *r)
{
    for (size_t i = 1; i < r->file.sigs.n; i++) {
        const struct genesis_sig *x = &r->file.sigs.v[i - 1], *y = &r->file.sigs.v[i];
        int c = span_cmp(x->seat, y->seat);
        if (c > 0 || (c == 0 && memcmp(x->signature.key.b, y->signature.key.b, 32) >= 0))
            return false;
    }
    return true;
}
