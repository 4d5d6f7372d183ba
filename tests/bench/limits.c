/* What the machine does at most: Ed25519 signatures made and checked a second on one core, as the ledger does
 * them (300 bytes, SSHSIG preimage; by processor time), and durable LMDB commits of one record. limits DIR:
 * JSON on standard output. */
#include <lmdb.h>
#include <time.h>
#include <unistd.h>
#include "bench/common.h"
#include "crypto/sshsig.h"

enum { ROUNDS = 7, SIGS = 2000, COMMITS = 500 };

static uint64_t rate(uint64_t n, uint64_t us)
{
    return us == 0 ? 0 : n * 1000000 / us;
}

/* Of this process: what others take from the machine meanwhile is not the machine's limit. */
static uint64_t cpu_us(void)
{
    struct timespec t;
    ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void crypto_limits(uint64_t *ret_sign, uint64_t *ret_verify)
{
    uint8_t seed[32] = {1}, message[300] = {2};
    struct ed25519_key *key;
    static struct sig64 sigs[SIGS]; /* all different: the same one again is checked faster than any that comes first */
    uint64_t sign[ROUNDS], verify[ROUNDS];
    ASSERT(ed25519_from_seed(seed, &key) == ST_OK);
    for (size_t r = 0; r < ROUNDS; r++) {
        uint64_t t = cpu_us();
        for (size_t i = 0; i < SIGS; i++) {
            store_u64(message, i);
            sshsig_sign(key, SSHSIG_ENTRY, span_of(message, sizeof message), &sigs[i]);
        }
        sign[r] = rate(SIGS, cpu_us() - t);
        t = cpu_us();
        for (size_t i = 0; i < SIGS; i++) {
            store_u64(message, i);
            ASSERT(sshsig_verify_known(&key->pub, SSHSIG_ENTRY, span_of(message, sizeof message), &sigs[i]) == ST_OK);
        }
        verify[r] = rate(SIGS, cpu_us() - t);
    }
    ed25519_free(key);
    *ret_sign = bench_percentile(sign, ROUNDS, 50);
    *ret_verify = bench_percentile(verify, ROUNDS, 50);
}

static void one_commit(MDB_env *env, MDB_dbi db, uint64_t n)
{
    uint8_t k[8], v[300] = {3};
    MDB_txn *t;
    store_u64(k, n);
    MDB_val key = {sizeof k, k}, value = {sizeof v, v};
    ASSERT(mdb_txn_begin(env, NULL, 0, &t) == 0);
    ASSERT(mdb_put(t, db, &key, &value, MDB_APPEND) == 0);
    ASSERT(mdb_txn_commit(t) == 0);
}

static uint64_t commits_per_s(const char *dir)
{
    char path[4096];
    MDB_env *env;
    MDB_txn *t;
    MDB_dbi db;
    (void)snprintf(path, sizeof path, "%s/limits.mdb", dir);
    ASSERT(mdb_env_create(&env) == 0);
    ASSERT(mdb_env_set_mapsize(env, 1 << 28) == 0);
    if (mdb_env_open(env, path, MDB_NOSUBDIR, 0600) != 0)
        bench_die("%s cannot be opened", path);
    ASSERT(mdb_txn_begin(env, NULL, 0, &t) == 0);
    ASSERT(mdb_dbi_open(t, NULL, 0, &db) == 0);
    ASSERT(mdb_txn_commit(t) == 0);
    uint64_t v[ROUNDS], n = 0;
    for (size_t r = 0; r < ROUNDS; r++) {
        uint64_t start = bench_us();
        for (size_t i = 0; i < COMMITS / ROUNDS; i++)
            one_commit(env, db, n++);
        v[r] = rate(COMMITS / ROUNDS, bench_us() - start);
    }
    mdb_env_close(env);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/limits.mdb-lock", dir);
    (void)unlink(path);
    return bench_percentile(v, ROUNDS, 50);
}

int main(int argc, char **argv)
{
    uint64_t sign, verify;
    struct bench_options o;
    if (argc != 2)
        bench_die("usage: limits DIR");
    bench_options(1, argv, &o);
    crypto_limits(&sign, &verify);
    (void)printf("{\"cores\": %ld, \"sign_per_s_core\": %" PRIu64 ", \"verify_per_s_core\": %" PRIu64
                 ", \"lmdb_commits_per_s\": %" PRIu64 "}\n",
                 sysconf(_SC_NPROCESSORS_ONLN), sign, verify, commits_per_s(argv[1]));
    return 0;
}
