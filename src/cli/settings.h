/* settings: ~/.config/entente/config (or $XDG_CONFIG_HOME/entente/config), what a person need not type each
 * time. */
#ifndef ENT_CLI_SETTINGS_H
#define ENT_CLI_SETTINGS_H

#include "base/base.h"

struct settings {
    const char *node, *seat, *key; /* NULL: not set */
    bool pinned;                   /* alliance: is set */
    struct hash alliance;          /* refuse any other */
};

/* No file is no settings. Unknown keys are refused with line and column. Texts are in the arena. */
MUST_USE enum status settings_load(struct arena *a, struct settings *ret_settings, struct err *err);
/* A file of the person's settings, or state ($XDG_STATE_HOME, ~/.local/state): "DIR/entente/NAME". NULL: no
 * home. */
const char *settings_path(struct arena *a, bool state, const char *name);
/* Makes the directories above a path, mode 0700. */
MUST_USE enum status settings_make_parents(const char *path, struct err *err);

#endif
