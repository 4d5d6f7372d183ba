#!/usr/bin/env python3
"""The pure cores refer to no socket, file, clock, random number or allocation, and to nothing outside our own layers but
what is listed here. usage: pure.py NM ARCHIVE..."""
import subprocess, sys

ALLOWED = {"memcmp", "memcpy", "memmove", "memset", "memchr", "strlen", "strcmp", "strncmp", "strchr", "snprintf", "vsnprintf",
           "qsort", "memmem", "__popcountdi2", "strtoull", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
bad = 0
for archive in sys.argv[2:]:
    out = subprocess.run([sys.argv[1], "-u", "--format=posix", archive], capture_output=True, text=True, check=True).stdout
    names = {line.split()[0] for line in out.splitlines() if line and not line.endswith(":") and " U" in line}
    own = [n for n in names if "_" in n and n not in ALLOWED and not n.startswith("__")]
    wrong = sorted(n for n in names if n not in ALLOWED and n not in own and not n.startswith(("__asan", "__ubsan", "__gcov", "__tsan")))
    # What looks like ours must not be the outside world's under one of our names.
    wrong += sorted(n for n in own if n.startswith(("pthread_", "clock_", "rng_", "file_", "log_", "store_begin", "store_commit", "nng_", "mdb_",
                                                    "randombytes_", "sodium_malloc")))
    print(f"{archive}: {len(names)} undefined symbols, {len(wrong)} not allowed{': ' if wrong else ''}{', '.join(wrong)}")
    bad += len(wrong) + (0 if names else 1)
sys.exit(1 if bad else 0)
