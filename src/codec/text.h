/* text: what a text may hold. The rules that codec.h exports (text_check, text_is_id, text_is_seat) are here
 * too. */
#ifndef ENT_CODEC_TEXT_H
#define ENT_CODEC_TEXT_H

#include "base/base.h"

/* ENC-7: the length of the longest prefix that is valid UTF-8 (RFC 3629); text.n when all of it is. */
size_t text_utf8_prefix(struct span text);
/* ENC-10. */
bool text_is_clause(struct span text);
bool text_is_currency(struct span text);

#endif
