/* desc: descriptor tables. Every record, wire message and charter section is one block in a .def file of proto/; this
 * header turns the block into a struct, and records.c into a table, that one generic walker each encodes,
 * decodes, checks, prints as JSON and documents.
 *
 * In a struct every field has a member of its own name; `has` has bit k set when the field with key k is
 * present. Required fields (FIELD) are always encoded and always present after decoding; optional ones (OPT)
 * follow `has`. Spans point into the decoded bytes, lists into the arena. */
#ifndef ENT_CODEC_DESC_H
#define ENT_CODEC_DESC_H

#include "base/base.h"

struct sig64 {
    uint8_t b[64];
};

/* Quantity mantissa * 10^-scale; no trailing zeros; zero has scale 0. On the wire {1: mantissa, 2: scale}. */
struct decimal {
    int64_t mantissa;
    uint32_t scale; /* 0-9 */
};

enum field_type {
    FT_UINT,      /* uint64_t, up to 2^63-1; min and max bound the value, max 0 means no bound */
    FT_INT,       /* int64_t; min and max bound the value unless both are 0 */
    FT_BOOL,      /* bool */
    FT_TIME,      /* uint64_t, ms since 1970-01-01Z, below 2^53; bounds as FT_UINT */
    FT_HASH,      /* struct hash: bin of 32 bytes (digests and public keys) */
    FT_SIG,       /* struct sig64: bin of 64 bytes */
    FT_BYTES,     /* struct span: bin of min..max bytes */
    FT_ID,        /* struct span: str [a-z0-9][a-z0-9-]{0,62} */
    FT_SEAT,      /* struct span: str ID "/" ID */
    FT_CLAUSE,    /* struct span: str ID ("." ID)*, at most 128 bytes */
    FT_CURRENCY,  /* struct span: str [A-Z]{3} */
    FT_TEXT,      /* struct span: str of min..max bytes, one line (TEXT rule of SPEC) */
    FT_MULTILINE, /* struct span: str of min..max bytes, newline and tab allowed */
    FT_PROSE,     /* struct hash: digest of a detached text of min..max bytes */
    FT_DECIMAL,   /* struct decimal */
    FT_RAW,       /* struct span: any canonical map, its exact bytes */
    FT_ENUM,      /* enum: uint that is one of the enumeration's numbers; within min..max unless both are 0 */
    FT_REC,       /* nested struct */
    FT_LIST,      /* struct X_list {size_t n; struct X *v;}: array of min..max maps */
    FT_IDS,       /* struct span_list of FT_ID */
    FT_SEATS,     /* struct span_list of FT_SEAT */
    FT_TEXTS,     /* struct span_list of FT_TEXT, each 1-1024 bytes */
    FT_BLOBS,     /* struct span_list of bin, each at most 65,791 bytes */
    FT_HASHES,    /* struct hash_list */
    FT_UINTS,     /* struct uint_list */
};

struct uint_list {
    size_t n;
    uint64_t *v;
};

struct enum_value {
    uint32_t number;
    const char *text, *doc;
};

struct enum_desc {
    const char *name, *doc;
    const struct enum_value *values;
    size_t n;
};

struct record_desc;

struct field_desc {
    uint8_t key; /* 0-63 */
    bool optional;
    enum field_type type;
    const char *name, *doc;
    int64_t min, max;
    size_t offset;                /* of the member in the struct */
    const struct record_desc *rec; /* FT_REC, FT_LIST */
    const struct enum_desc *en;    /* FT_ENUM */
};

struct record_desc {
    const char *name, *doc;
    uint32_t number; /* kind, message or section number; 0 for none */
    size_t size;     /* of the struct */
    const struct field_desc *fields; /* ascending by key */
    size_t n;
};

/* C types of the field types, for the struct pass. */
#define CTYPE_UINT      uint64_t
#define CTYPE_INT       int64_t
#define CTYPE_BOOL      bool
#define CTYPE_TIME      uint64_t
#define CTYPE_HASH      struct hash
#define CTYPE_SIG       struct sig64
#define CTYPE_BYTES     struct span
#define CTYPE_ID        struct span
#define CTYPE_SEAT      struct span
#define CTYPE_CLAUSE    struct span
#define CTYPE_CURRENCY  struct span
#define CTYPE_TEXT      struct span
#define CTYPE_MULTILINE struct span
#define CTYPE_PROSE     struct hash
#define CTYPE_DECIMAL   struct decimal
#define CTYPE_RAW       struct span
#define CTYPE_ENUM(e)   enum e
#define CTYPE_REC(r)    struct r
#define CTYPE_LIST(r)   struct r##_list
#define CTYPE_IDS       struct span_list
#define CTYPE_SEATS     struct span_list
#define CTYPE_TEXTS     struct span_list
#define CTYPE_BLOBS     struct span_list
#define CTYPE_HASHES    struct hash_list
#define CTYPE_UINTS     struct uint_list

/* Type, record and enum of the field types, for the table pass. */
#define FTYPE_UINT      FT_UINT, NULL, NULL
#define FTYPE_INT       FT_INT, NULL, NULL
#define FTYPE_BOOL      FT_BOOL, NULL, NULL
#define FTYPE_TIME      FT_TIME, NULL, NULL
#define FTYPE_HASH      FT_HASH, NULL, NULL
#define FTYPE_SIG       FT_SIG, NULL, NULL
#define FTYPE_BYTES     FT_BYTES, NULL, NULL
#define FTYPE_ID        FT_ID, NULL, NULL
#define FTYPE_SEAT      FT_SEAT, NULL, NULL
#define FTYPE_CLAUSE    FT_CLAUSE, NULL, NULL
#define FTYPE_CURRENCY  FT_CURRENCY, NULL, NULL
#define FTYPE_TEXT      FT_TEXT, NULL, NULL
#define FTYPE_MULTILINE FT_MULTILINE, NULL, NULL
#define FTYPE_PROSE     FT_PROSE, NULL, NULL
#define FTYPE_DECIMAL   FT_DECIMAL, NULL, NULL
#define FTYPE_RAW       FT_RAW, NULL, NULL
#define FTYPE_ENUM(e)   FT_ENUM, NULL, &e##_enum
#define FTYPE_REC(r)    FT_REC, &r##_desc, NULL
#define FTYPE_LIST(r)   FT_LIST, &r##_desc, NULL
#define FTYPE_IDS       FT_IDS, NULL, NULL
#define FTYPE_SEATS     FT_SEATS, NULL, NULL
#define FTYPE_TEXTS     FT_TEXTS, NULL, NULL
#define FTYPE_BLOBS     FT_BLOBS, NULL, NULL
#define FTYPE_HASHES    FT_HASHES, NULL, NULL
#define FTYPE_UINTS     FT_UINTS, NULL, NULL

#define HAS(rec, key)     (((rec)->has >> (key)) & 1)
#define SET_HAS(rec, key) ((rec)->has |= (uint64_t)1 << (key))

#endif
