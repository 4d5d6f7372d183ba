#include "merkle/frontier.h"
#include "merkle/rfc6962.h"
#include "crypto/hash.h"

void frontier_append(struct frontier *f, const struct hash *leaf)
{
    ASSERT(f->size != UINT64_MAX);
    struct hash h = *leaf;
    unsigned k = 0;
    for (; (f->size >> k & 1) != 0; k++)
        rfc6962_node(&f->h[k], &h, &h);
    f->h[k] = h;
    f->size++;
}

void frontier_root(const struct frontier *f, struct hash *ret_root)
{
    bool any = false;
    struct hash h;
    sha256(span_of(NULL, 0), &h);
    for (unsigned k = 0; k < 64; k++) {
        if ((f->size >> k & 1) == 0)
            continue;
        if (any)
            rfc6962_node(&f->h[k], &h, &h);
        else
            h = f->h[k];
        any = true;
    }
    *ret_root = h;
}
