/* base: what every layer may use. */
#ifndef ENT_BASE_BASE_H
#define ENT_BASE_BASE_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/banned.h"
#include "base/status.h"
#include "base/assert.h"
#include "base/span.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/time.h"
#include "base/rng.h"
#include "base/log.h"
#include "base/file.h"
#include "base/cleanup.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
