#include "merkle/tiles.h"

size_t tiles_width(uint64_t size, unsigned level, uint64_t tile)
{
    uint64_t row = tiles_row(size, level);
    if (row / TILE_WIDTH > tile)
        return TILE_WIDTH;
    return row / TILE_WIDTH == tile ? (size_t)(row % TILE_WIDTH) : 0;
}

/* Appends the tile number in groups of three digits, all but the last behind an 'x', and the width. */
static void put_number(struct tile_path *p, int at, uint64_t tile, size_t width)
{
    ASSERT(width >= 1);
    ASSERT(width <= TILE_WIDTH);
    unsigned group[7];
    size_t n = 0;
    do {
        group[n++] = (unsigned)(tile % 1000);
        tile /= 1000;
    } while (tile != 0);
    while (n > 1)
        at += snprintf(p->s + at, sizeof p->s - (size_t)at, "x%03u/", group[--n]);
    at += snprintf(p->s + at, sizeof p->s - (size_t)at, "%03u", group[0]);
    if (width < TILE_WIDTH)
        at += snprintf(p->s + at, sizeof p->s - (size_t)at, ".p/%u", (unsigned)width);
    ASSERT((size_t)at < sizeof p->s);
}

struct tile_path tiles_path(unsigned level, uint64_t tile, size_t width)
{
    struct tile_path p;
    put_number(&p, snprintf(p.s, sizeof p.s, "tile/%u/", level), tile, width);
    return p;
}

struct tile_path tiles_entries_path(uint64_t tile, size_t width)
{
    struct tile_path p;
    put_number(&p, snprintf(p.s, sizeof p.s, "tile/entries/"), tile, width);
    return p;
}

enum status tiles_entry(struct span leaf, struct buf *b)
{
    if (leaf.n > UINT16_MAX)
        return ST_LIMIT;
    buf_u8(b, (uint8_t)(leaf.n >> 8));
    buf_u8(b, (uint8_t)leaf.n);
    buf_put_span(b, leaf);
    return b->failed;
}

/* Root of 2^k hashes, k <= 8; overwrites them. */
static void reduce(struct hash *v, size_t n, struct hash *ret_root)
{
    for (; n > 1; n /= 2)
        for (size_t i = 0; i < n / 2; i++)
            rfc6962_node(&v[2 * i], &v[2 * i + 1], &v[i]);
    *ret_root = v[0];
}

/* Puts the n new hashes behind those that tile `tile` of `level` has (first), and writes the row. When it is
 * full ret_full is its root. */
static enum status extend(unsigned level, uint64_t tile, size_t first, const struct hash *new, size_t n,
                          const struct tile_reader *r, const struct tile_writer *w, struct hash *ret_full)
{
    struct hash row[TILE_WIDTH];
    enum status st = first == 0 ? ST_OK : r->read(r->ctx, level, tile, 0, first, row);
    if (st != ST_OK)
        return st;
    memcpy(row + first, new, n * sizeof *row);
    st = w->write(w->ctx, level, tile, row, first + n);
    if (st == ST_OK && first + n == TILE_WIDTH)
        reduce(row, TILE_WIDTH, ret_full);
    return st;
}

enum status tiles_append(uint64_t size, const struct hash *leaves, size_t n, const struct tile_reader *r,
                         const struct tile_writer *w)
{
    while (n > 0) {
        size_t first = (size_t)(size % TILE_WIDTH);
        size_t some = n < TILE_WIDTH - first ? n : TILE_WIDTH - first;
        struct hash full;
        enum status st = extend(0, size / TILE_WIDTH, first, leaves, some, r, w, &full);
        size += some;
        leaves += some;
        n -= some;
        /* A full tile is one more hash of the row above, which it may fill in turn. */
        for (unsigned level = 1; st == ST_OK && level < TILE_LEVELS; level++) {
            if ((size & (((uint64_t)1 << (TILE_HEIGHT * level)) - 1)) != 0)
                break;
            uint64_t at = tiles_row(size, level) - 1;
            struct hash one = full;
            st = extend(level, at / TILE_WIDTH, (size_t)(at % TILE_WIDTH), &one, 1, r, w, &full);
        }
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

/* Root of the full subtree of 2^height leaves, number index from the left. */
static enum status perfect(const struct tile_reader *r, unsigned height, uint64_t index,
                           struct hash *ret_hash)
{
    unsigned level = height / TILE_HEIGHT, inside = height % TILE_HEIGHT;
    size_t n = (size_t)1 << inside;
    uint64_t first = index << inside;
    struct hash row[TILE_WIDTH / 2];
    enum status st = r->read(r->ctx, level, first / TILE_WIDTH, (size_t)(first % TILE_WIDTH), n, row);
    if (st == ST_OK)
        reduce(row, n, ret_hash);
    return st;
}

/* MTH(D[lo:hi]) for the ranges that RFC 6962 splits into: lo is a multiple of the largest power of two in hi
 * - lo. */
static enum status subtree(const struct tile_reader *r, uint64_t lo, uint64_t hi, struct hash *ret_hash)
{
    struct hash h = {0};
    bool any = false;
    uint64_t end = hi;
    while (end > lo) { /* full subtrees from the right, smallest first */
        unsigned height = (unsigned)__builtin_ctzll(end - lo);
        struct hash left;
        enum status st = perfect(r, height, (end >> height) - 1, &left);
        if (st != ST_OK)
            return st;
        if (any)
            rfc6962_node(&left, &h, &h);
        else
            h = left;
        any = true;
        end -= (uint64_t)1 << height;
    }
    *ret_hash = h;
    return ST_OK;
}

enum status tiles_root(const struct tile_reader *r, uint64_t size, struct hash *ret_root)
{
    if (size != 0)
        return subtree(r, 0, size, ret_root);
    rfc6962_root(NULL, 0, ret_root);
    return ST_OK;
}

enum status tiles_frontier(const struct tile_reader *r, uint64_t size, struct frontier *ret_frontier)
{
    struct frontier f = {.size = size};
    for (unsigned k = 0; k < 64; k++) {
        if ((size >> k & 1) == 0)
            continue;
        /* The subtree ends where the bits below k begin. */
        enum status st = perfect(r, k, (size >> k) - 1, &f.h[k]);
        if (st != ST_OK)
            return st;
    }
    *ret_frontier = f;
    return ST_OK;
}

/* The descent collects from the root down; proofs run from the leaf up. */
static void reverse(struct rfc6962_proof *p)
{
    for (size_t i = 0; i < p->n / 2; i++) {
        struct hash t = p->v[i];
        p->v[i] = p->v[p->n - 1 - i];
        p->v[p->n - 1 - i] = t;
    }
}

enum status tiles_inclusion(const struct tile_reader *r, uint64_t index, uint64_t size,
                            struct rfc6962_proof *ret_proof)
{
    ASSERT(index < size);
    struct rfc6962_proof p = {0};
    for (uint64_t lo = 0, hi = size; hi - lo > 1;) { /* PATH(m, D[n]) of section 2.1.1, unrolled */
        uint64_t mid = lo + rfc6962_split(hi - lo);
        bool left = index < mid;
        enum status st = left ? subtree(r, mid, hi, &p.v[p.n]) : subtree(r, lo, mid, &p.v[p.n]);
        if (st != ST_OK)
            return st;
        p.n++;
        if (left)
            hi = mid;
        else
            lo = mid;
    }
    reverse(&p);
    *ret_proof = p;
    return ST_OK;
}

enum status tiles_consistency(const struct tile_reader *r, uint64_t size1, uint64_t size2,
                              struct rfc6962_proof *ret_proof)
{
    ASSERT(size1 <= size2);
    struct rfc6962_proof p = {0};
    uint64_t lo = 0, hi = size2;
    enum status st = ST_OK;
    while (size1 != 0 && size1 != hi) { /* SUBPROOF(m, D[n], b) of section 2.1.2, unrolled */
        uint64_t mid = lo + rfc6962_split(hi - lo);
        bool left = size1 <= mid;
        st = left ? subtree(r, mid, hi, &p.v[p.n]) : subtree(r, lo, mid, &p.v[p.n]);
        if (st != ST_OK)
            return st;
        p.n++;
        if (left)
            hi = mid;
        else
            lo = mid;
    }
    /* b is false once the descent went right: the verifier does not know this subtree. */
    if (size1 != 0 && lo != 0) {
        st = subtree(r, lo, hi, &p.v[p.n]);
        if (st != ST_OK)
            return st;
        p.n++;
    }
    reverse(&p);
    *ret_proof = p;
    return ST_OK;
}
