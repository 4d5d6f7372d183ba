#include "charter/nearest.h"

/* Levenshtein, one row at a time (R. Wagner and M. Fischer, "The string-to-string correction problem", 1974).
 */
static size_t edit_distance(struct span a, const char *b)
{
    size_t row[65], n = strlen(b);
    if (a.n > 64 || n > 64)
        return 64;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t up = row[j], best = diagonal + (a.p[i - 1] != (uint8_t)b[j - 1]);
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[n];
}

void nearest_consider(struct nearest *n, const char *name)
{
    size_t d = edit_distance(n->wanted, name);
    if (d < n->distance) {
        n->distance = d;
        (void)snprintf(n->name, sizeof n->name, "%s", name);
    }
}
