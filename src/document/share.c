#include "document/share.h"

static uint64_t bytes_of(const struct keep_doc *d)
{
    return d->size + (d->damaged ? d->damaged_size : 0);
}

enum status share_check(const struct keep *k, const struct named *n, const struct hash *digest, uint64_t size, uint64_t most,
                        size_t partners, struct err *err)
{
    const struct named_doc *of = named_find(n, digest);
    uint64_t share = of == NULL ? most / 4 : most / (partners == 0 ? 1 : partners), used = 0;
    const struct keep_doc *d;
    for (size_t i = 0; (d = keep_at(k, i)) != NULL; i++) {
        const struct named_doc *its = named_find(n, &d->digest);
        bool same = of == NULL ? its == NULL : its != NULL && span_eq(its->org, of->org);
        if (same && !hash_eq(&d->digest, digest))
            used += bytes_of(d);
    }
    if (used + size <= share)
        return ST_OK;
    if (of == NULL)
        return err_set(err, ST_NOSPACE,
                       "no room for document %.16s... of %" PRIu64 " bytes: documents that no entry names yet take %" PRIu64
                       " of at most %" PRIu64 " bytes here, a quarter of documents-max (node.yaml)",
                       hex_of(digest).s, size, used, share);
    return err_set(err, ST_NOSPACE,
                   "no room for document %.16s... of %" PRIu64 " bytes: those that entries of %.*s named take %" PRIu64
                   " of at most %" PRIu64 " bytes here, its share of documents-max (node.yaml)",
                   hex_of(digest).s, size, SPAN_FMT(of->org), used, share);
}
