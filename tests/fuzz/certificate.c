/* TLS certificates: whatever tlsid_check takes is by the template, so mbedTLS reads it, and sees the same name, a CA flag
 * that is off, and no byte behind. Bytes are DER; those of the corpus were made by tlsid_new for the organisation "p01". */
#include <mbedtls/x509_crt.h>
#include "crypto/tlsid.h"
#include "fuzz/fuzz.h"
#include "fuzz/known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    if (size > TLSID_CERT_MAX + 16)
        return 0;
    known_init();
    enum status st = tlsid_check(span_of(data, size), span_str("p01"), &err);
    if (st != ST_OK) {
        REQUIRE(st == ST_MISMATCH || st == ST_FORMAT || st == ST_LIMIT || st == ST_BADKEY || st == ST_BADSIG, "status %d", st);
        REQUIRE(err.text[0] != 0, "a refusal has words");
        return 0;
    }
    REQUIRE(tlsid_check(span_of(data, size), span_str("p02"), &err) == ST_MISMATCH, "it is of one organisation");
    mbedtls_x509_crt c;
    mbedtls_x509_crt_init(&c);
    REQUIRE(mbedtls_x509_crt_parse_der(&c, data, size) == 0, "mbedTLS reads it");
    REQUIRE(c.raw.len == size, "and it ends where the bytes end");
    REQUIRE(c.version == 3 && c.ca_istrue == 0, "version 3, no CA");
    REQUIRE(c.subject_alt_names.buf.len == 3 && memcmp(c.subject_alt_names.buf.p, "p01", 3) == 0, "its name is p01");
    mbedtls_x509_crt_free(&c);
    return 0;
}
