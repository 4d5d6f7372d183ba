/* model: the plainest ordered store there can be, a sorted array searched from the front. What the real ones
 * are compared with. */
#ifndef ENT_TEST_STORE_MODEL_H
#define ENT_TEST_STORE_MODEL_H

#include "store/view.h"

enum { MODEL_BYTES_MAX = 600, MODEL_RECORDS_MAX = 4096 };

struct model_record {
    uint8_t table;
    uint16_t key_n, value_n;
    uint8_t key[VIEW_KEY_MAX];
    uint8_t value[MODEL_BYTES_MAX];
};

struct model {
    size_t n;
    struct model_record *v;
};

struct model *model_new(void);
void model_free(struct model *m);
void model_copy(struct model *to, const struct model *from);
void model_put(struct model *m, uint8_t table, struct span key, struct span value);
void model_del(struct model *m, uint8_t table, struct span key);
struct view model_view(struct model *m);

/* xorshift64*, so that a failing run can be repeated. */
struct dice {
    uint64_t state;
};
uint32_t dice_below(struct dice *d, uint32_t n);
/* A key out of a small, clustered space: short and long ones, prefixes of each other, many 00 and ff bytes.
 */
struct span dice_key(struct dice *d, uint8_t buf[VIEW_KEY_MAX]);
struct span dice_value(struct dice *d, uint8_t buf[MODEL_BYTES_MAX]);
uint8_t dice_table(struct dice *d);

/* Fails the running test unless both answer alike: the same get, next and prev for one random key. */
void model_same_answer(struct dice *d, const struct view *a, const struct view *b);
/* Fails the running test unless both hold exactly the same records, walked both ways. Returns how many. */
size_t model_same_content(const struct view *a, const struct view *b);

#endif
