/* cmd: the commands of entente-audit, and what they share: options, opening a pack, its verdict. One file a
 * group. */
#ifndef ENT_AUDIT_CMD_H
#define ENT_AUDIT_CMD_H

#include "audit/findings.h"
#include "audit/sheet.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_BAD = 6 };
enum { CMD_GIVEN_MAX = 160 };

struct cmd_option {
    const char *name;  /* "amount-over" */
    const char *value; /* "MONEY"; NULL: it has none */
    const char *doc;
};

struct cmd_args;
struct cmd {
    const char *name, *args, *doc;
    const struct cmd_option *options;
    size_t n_options;
    int (*run)(const struct cmd_args *args);
};

struct cmd_args {
    const struct cmd *cmd;
    const char *words[1]; /* positional */
    size_t n;
    struct {
        const struct cmd_option *option;
        const char *value;
    } given[CMD_GIVEN_MAX];
    size_t n_given;
};

/* How many times an option was given. */
size_t cmd_count(const struct cmd_args *args, const char *name);
/* The last value given, or NULL; "" for a flag that was given. */
const char *cmd_value(const struct cmd_args *args, const char *name);
bool cmd_flag(const struct cmd_args *args, const char *name);
/* Prints what is wrong and how the command is used; EXIT_USAGE. */
__attribute__((format(printf, 2, 3))) int cmd_usage(const struct cmd *c, const char *fmt, ...);
/* "NOT VERIFIED: ..."; EXIT_BAD. */
int cmd_bad(const char *text);
void cmd_print_help(const struct cmd *c, FILE *f);
bool cmd_number(const char *s, uint64_t *ret);
/* --csv, --jsonl, --json. False: more than one. */
bool cmd_form(const struct cmd_args *args, enum sheet_form *ret_form);
/* Opens a file to write, before the pack is read; "-" is standard output. What is there stays until
 * cmd_close, so a pack that fails changes no file. NULL: said why. */
FILE *cmd_create(const char *path);
/* Ends what was written. False and said why when not all was. */
bool cmd_close(FILE *f, const char *path);

/* All files are open: no other can be opened from now on (confine.h). Says so when it could not be done. */
void cmd_confine(void);
/* Verifies the pack that the arguments name, then calls end with its record: what end prints is printed of a
 * pack that is verified to its last byte, and nothing else is. block: besides, for each block; or NULL. The
 * exit code is end's, or that of the failure. */
struct cmd_pack {
    void *ctx;
    enum status (*block)(void *ctx, const struct verify_block *b, struct err *err);
    int (*end)(void *ctx, const struct audit_record *r,
               struct err *err); /* an exit code; with EXIT_FAILED words in err */
    void (*failed)(void *ctx,
                   const struct verify_failure *f); /* besides the words on standard error; or NULL */
    bool quiet;                                     /* no line on standard error that it verified */
    bool whole; /* it is all that is asked: on a terminal, standard error shows how far it is */
};
int cmd_read_pack(const struct cmd_args *args, const struct cmd_pack *what);
/* Prints where and why, and what the rule asks, on standard error; EXIT_BAD. */
int cmd_failed(const struct verify_failure *f);
/* The same as JSON on standard output besides. */
int cmd_failed_json(const struct verify_failure *f);
/* Prints it on standard output, and drops it. */
struct json_t;
void cmd_dump(struct json_t *o);
/* --expect-alliance, into ret_id; *ret_given. False and said why, when it is no id. */
bool cmd_expected(const struct cmd_args *args, struct hash *ret_id, bool *ret_given);
/* --checkpoint. False and said why, when one cannot be read. */
bool cmd_read_kept(const struct cmd_args *args, struct arena *a, struct verify_kept_list *ret);
/* verify, of a decision certificate and of a range: from the stream, to an exit code. */
int cmd_certificate(const struct cmd_args *args, FILE *f);
int cmd_range(const struct cmd_args *args, FILE *f);
#define CMD_EXPECT                                                                                           \
    {                                                                                                        \
        "expect-alliance", "ID", "refuse a pack of another alliance: 64 hex digits"                          \
    }
#define CMD_KEPT                                                                                             \
    {                                                                                                        \
        "checkpoint", "FILE", "that you kept, or have from another partner: the pack must be of its history; again for more" \
    }
#define CMD_CSV                                                                                              \
    {                                                                                                        \
        "csv", NULL, "comma-separated values (RFC 4180)"                                                     \
    }
#define CMD_JSONL                                                                                            \
    {                                                                                                        \
        "jsonl", NULL, "one JSON object a line"                                                              \
    }
#define CMD_JSON                                                                                             \
    {                                                                                                        \
        "json", NULL, "the same objects as one JSON list"                                                    \
    }

extern const struct cmd cmd_verify, cmd_exceptions, cmd_access, cmd_log, cmd_sample, cmd_replay, cmd_export,
    cmd_inclusion, cmd_consistency, cmd_checkpoint;

#endif
