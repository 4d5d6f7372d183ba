/* quorum: how many of n validators may fail, and how many must agree (DESIGN: the four promises). */
#ifndef ENT_CONSENSUS_QUORUM_H
#define ENT_CONSENSUS_QUORUM_H

#include <stdint.h>

/* f = floor((n-1)/3). n >= 1. */
static inline uint32_t faults_of(uint32_t n)
{
    return (n - 1) / 3;
}

/* q = n - f: two quorums share more than f validators, so at least one that is honest. n < 4: all of them. */
static inline uint32_t quorum_of(uint32_t n)
{
    return n - faults_of(n);
}

#endif
