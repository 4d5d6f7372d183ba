/* mesh: several replicas in one process, on virtual time, with links that follow the record: two nodes are linked while both
 * run and each finds the other's node key on its own record (NET-7). */
#ifndef ENT_TESTS_MESH_H
#define ENT_TESTS_MESH_H

#include "fixture/alliance.h"
#include "replica/replica.h"
#include "sim/disk.h"

enum { MESH_MAX = 6, MESH_KINDS = 32 };

struct mesh;

struct mesh_node {
    struct mesh *mesh;
    size_t i;
    struct fixture_org keys; /* those in use here */
    struct store *store;
    struct sim_disk *disk;
    struct disk_file file;
    struct journal_identity id;
    struct journal *journal;
    struct replica *replica; /* NULL: it is down */
    uint32_t rules_max;
    bool away; /* runs, and has no link */
    bool deaf; /* what is sent to it is lost */
    struct signatures *signatures; /* NULL: none; it is told of all that waits for it */
};

struct mesh_frame {
    struct mesh_frame *next;
    size_t from, to, n;
    uint8_t bytes[];
};

struct mesh {
    struct fixture f;
    uint64_t wall, mono;
    struct clock clock;
    struct mesh_node nodes[MESH_MAX];
    size_t n;
    bool linked[MESH_MAX][MESH_MAX];
    bool relink;
    struct mesh_frame *first, *last;
    size_t sent[MESH_MAX][MESH_MAX][MESH_KINDS]; /* from, to, kind */
    uint64_t decisions;
    size_t foreseen_most; /* blocks, at once */
};

void mesh_init(struct mesh *m, size_t partners, size_t witnesses);
void mesh_deinit(struct mesh *m);
/* A node for an organisation that came after the founding; it is down. */
size_t mesh_newcomer(struct mesh *m, bool partner);
void mesh_start(struct mesh *m, size_t i);
void mesh_stop(struct mesh *m, size_t i);
/* Stops it, and starts it with other keys, on a fresh journal when the vote key is another. */
void mesh_take_keys(struct mesh *m, size_t i, const struct fixture_org *keys);
void mesh_run(struct mesh *m, uint64_t ms);
/* Hands an entry in at a node, on its newest boundary; runs until it is final there. */
struct hash mesh_enter(struct mesh *m, size_t at, struct fixture_entry *e);
/* Hands it in, and does not wait. */
struct hash mesh_submit(struct mesh *m, size_t at, struct fixture_entry *e);
bool mesh_final(struct mesh *m, size_t at, const struct hash *id);
void mesh_comment(struct mesh *m, size_t at, const char *text);
/* A proposal of a row by organisation `by`, carried in at its node, approved by the sponsors of partners [0, n) but `not_by`
 * (MESH_MAX: all). Returns when it is effective at node `by`. */
void mesh_decide(struct mesh *m, size_t by, const char *row, const struct effect *effect, const char *partner, size_t n, size_t not_by);
void mesh_admit(struct mesh *m, size_t by, size_t who);
void mesh_remove(struct mesh *m, size_t by, size_t who, size_t partners);
uint64_t mesh_height(struct mesh *m, size_t i);
size_t mesh_validators(struct mesh *m, size_t i);
/* Do these nodes that are up hold the same newest block? */
bool mesh_agree(struct mesh *m, size_t x, size_t y);
const char *mesh_no_vote(struct mesh *m, size_t i);

#endif
