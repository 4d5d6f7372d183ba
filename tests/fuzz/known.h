/* known: keys from fixed seeds, and the few things that they have signed, so that targets can say what may verify. */
#ifndef ENT_TESTS_FUZZ_KNOWN_H
#define ENT_TESTS_FUZZ_KNOWN_H

#include "crypto/ed25519.h"
#include "merkle/note.h"

enum { KNOWN_KEYS = 2 };

#define KNOWN_MESSAGE "what was signed\n"

void known_init(void); /* once is enough; cheap afterwards */
const struct ed25519_key *known_key(size_t i);
/* A log key and a cosignature key. */
void known_note_keys(struct note_key ret_keys[KNOWN_KEYS]);
struct span known_checkpoint_text(void);

#endif
