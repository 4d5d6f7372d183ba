/* tiles: the log's tree as C2SP tlog-tiles, height 8 (TRE-2). Hash i of tile row `level` is the root of the
 * leaves [i * 256^level, (i + 1) * 256^level); 256 of them make a tile. Levels between are not stored but
 * hashed again.
 *
 * Rows come and go through two callbacks, so that a database, a directory of files or an array can hold them.
 * Cost: a proof takes at most 8 reads and 255 hashes for each level of tiles (3 levels up to 16 million
 * leaves), besides one descent of the right edge; appending n leaves writes n / 256 + 1 rows and the few
 * above them. */
#ifndef ENT_MERKLE_TILES_H
#define ENT_MERKLE_TILES_H

#include "merkle/frontier.h"
#include "merkle/rfc6962.h"

enum {
    TILE_HEIGHT = 8,
    TILE_WIDTH = 256,
    TILE_LEVELS = 8, /* of a tree of 2^64 leaves */
    TILE_PATH_MAX = 64,
};

/* Gives hashes [first, first + n) of a tile; first + n is at most TILE_WIDTH. The row may hold more than
 * that. May return any status, which is passed on; ST_NOTFOUND when the row is shorter. */
struct tile_reader {
    void *ctx;
    enum status (*read)(void *ctx, unsigned level, uint64_t tile, size_t first, size_t n,
                        struct hash *ret_hashes);
};

/* Replaces a whole tile by its first n hashes: those that were there, and new ones behind them. */
struct tile_writer {
    void *ctx;
    enum status (*write)(void *ctx, unsigned level, uint64_t tile, const struct hash *hashes, size_t n);
};

/* Hashes in tile row `level` of a tree with this size. */
static inline uint64_t tiles_row(uint64_t size, unsigned level)
{
    return level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;
}

/* Hashes in one tile: 0 (no such tile) to 256. */
size_t tiles_width(uint64_t size, unsigned level, uint64_t tile);

/* "tile/1/x001/x234/067.p/17", or for entries "tile/entries/000"; width is 1 to 256. */
struct tile_path {
    char s[TILE_PATH_MAX];
};
struct tile_path tiles_path(unsigned level, uint64_t tile, size_t width);
struct tile_path tiles_entries_path(uint64_t tile, size_t width);
/* One leaf of an entry bundle: u16 length and the bytes. ST_LIMIT: more than 65,535 bytes, or b is full. */
MUST_USE enum status tiles_entry(struct span leaf, struct buf *b);

/* Adds n leaf hashes to a tree of `size` leaves. A failure of either callback is passed on; rows written
 * before it hold more hashes than the size says, which harms nothing and is written over next time. */
MUST_USE enum status tiles_append(uint64_t size, const struct hash *leaves, size_t n,
                                  const struct tile_reader *r, const struct tile_writer *w);

/* The root of the leaves [0, size), at any size up to what is stored. */
MUST_USE enum status tiles_root(const struct tile_reader *r, uint64_t size, struct hash *ret_root);
/* The frontier at a size, to append from; this is what a node loads when it starts. */
MUST_USE enum status tiles_frontier(const struct tile_reader *r, uint64_t size,
                                    struct frontier *ret_frontier);

/* RFC 6962 section 2.1.1 and 2.1.2. Asserts index < size, size1 <= size2. What is read is not checked here:
 * verify the proof against a root you know before giving it away. */
MUST_USE enum status tiles_inclusion(const struct tile_reader *r, uint64_t index, uint64_t size,
                                     struct rfc6962_proof *ret_proof);
MUST_USE enum status tiles_consistency(const struct tile_reader *r, uint64_t size1, uint64_t size2,
                                       struct rfc6962_proof *ret_proof);

#endif
