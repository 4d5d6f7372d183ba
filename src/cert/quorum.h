/* quorum: how many of n voting nodes may fail, and how many must agree (CRT-2; the first promise of the
 * design).
 *
 *    n   1  2  3  4  5  6  7  8  9 10  13  30  64
 *    f   0  0  0  1  1  1  2  2  2  3   4   9  21   may be down or malicious
 *    q   1  2  3  3  4  5  5  6  7  7   9  21  43   signatures make a block final
 *
 * n < 4: any absence halts finality. Two quorums share at least q + q - n = n - 2f > f members, so an honest
 * one. */
#ifndef ENT_CERT_QUORUM_H
#define ENT_CERT_QUORUM_H

#include <stdint.h>

/* f = floor((n - 1) / 3); n >= 1. */
static inline uint32_t faults_of(uint32_t n)
{
    return (n - 1) / 3;
}

/* q = n - f. */
static inline uint32_t quorum_of(uint32_t n)
{
    return n - faults_of(n);
}

#endif
