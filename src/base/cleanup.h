/* cleanup: run a function when a variable leaves its scope. For shells (node, cli, tests); cores use arenas. */
#ifndef ENT_BASE_CLEANUP_H
#define ENT_BASE_CLEANUP_H

/* struct arena a CLEANUP(arena_deinit); the function takes a pointer to the variable. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#endif
