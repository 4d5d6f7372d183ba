/* gather: what a certificate keeps of a block in which something happened to the decision. Internal to
 * certify. */
#ifndef ENT_CERTIFY_GATHER_H
#define ENT_CERTIFY_GATHER_H

#include "ledger/block.h"

/* Row of a table after a tree's block, with its proof. ST_NOTFOUND. */
MUST_USE enum status gather_row(const struct view *v, const struct sparse_tree *tree, uint8_t table,
                                struct span key, struct arena *a, struct state_proof *ret_row,
                                struct err *err);
/* Did something happen to the decision in this block? */
bool gather_touches(const struct block *b, uint64_t decision);
/* The block's frame but for the inclusion proofs, which need the anchor. v: the state after the block. All in
 * a. */
MUST_USE enum status gather_block(const struct block *b, uint64_t decision,
                                  const struct pack_prose_list *prose, const struct view *v, struct arena *a,
                                  struct certificate_block *ret_frame, struct err *err);
/* Rows that show who had to sign a refounding and who could (CER-4). v: the state after the block that it
 * ends the epoch with. */
MUST_USE enum status gather_refounding(const struct block *b, struct span refounding, const struct view *v,
                                       struct arena *a, struct state_proof_list *ret_rows, struct err *err);
/* The key of the row of who holds a seat: of SEAT; of ORG/node, *ret_node, of PARTY. */
struct span gather_holder(struct span seat, bool *ret_node);
void gather_sort(struct state_proof_list *rows);
MUST_USE enum status gather_encode(const struct record_desc *d, const void *rec, struct arena *a,
                                   struct span *ret_bytes);

#endif
