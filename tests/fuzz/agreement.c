/* Agreement of several cores: the bytes are the schedule of the world of tests/unit/consensus: what is delivered, lost,
 * repeated and when, which timer fires, who crashes where, and what the one liar says to whom. A notary that shares no code
 * with the core looks at every signature and decision, and at the end the network heals and all must decide. */
#include "fuzz/fuzz.h"
#include "unit/consensus/world.h"

enum { INPUT_MAX = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        uint32_t n;
        bool liar;
    } shapes[] = {{4, true}, {4, false}, {7, true}, {1, false}, {2, false}, {3, false}};
    struct world_counts counts = {0};
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    size_t shape = take_u8(&in) % ARRAY_LEN(shapes);
    world_choose(in);
    const char *wrong = world_run(1, shapes[shape].n, shapes[shape].liar, &counts);
    world_choose(span_of(NULL, 0));
    REQUIRE(wrong == NULL, "%u validators%s: %s", shapes[shape].n, shapes[shape].liar ? " with a liar" : "", wrong);
    return 0;
}
