#include "message_validator.h"
#include "utf8.h"

#include <string.h>

// The state of one message on the way down; the walk keeps these in an array where a decoder would recurse.
typedef struct level {
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCFieldDescriptor *last; // the field found last: the likeliest to come again
    const uint8_t *end;
    uint64_t members;  // fields so far
    uint64_t capacity; // scanned members that protobuf-c has room for so far
    uint64_t seen[MIEN_VALIDATION_MAX_FIELDS / 64];
    int has_unknown;
} level;

typedef struct walk {
    const uint8_t *start;
    const mien_validation_limits *limits;
    uint64_t elements;
    uint64_t allocation;
} walk;

// Constants of protobuf-c 1.4: it scans each message into slabs of 32-byte records (4 tag, 1 wire type, 1 length of the length, padding,
// pointer to the field, length, pointer to the data). The first slab, of 16, is on its stack; each further one doubles.
enum { scanned_member_size = 32, first_slab = 16 };

// What one malloc(size) takes: glibc adds 8 bytes, rounds up to 16, and gives at least 32. Others waste less.
static inline uint64_t allocation_cost(uint64_t size) {
    return size < 24 ? 32 : (size + 23) & ~(uint64_t) 15;
}

// An allocation that grows element by element in our count, made once by protobuf-c: its fixed part, at the first element.
enum { array_overhead = 32 };

static size_t element_size(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_INT32: case PROTOBUF_C_TYPE_SINT32: case PROTOBUF_C_TYPE_SFIXED32: case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: case PROTOBUF_C_TYPE_FLOAT: case PROTOBUF_C_TYPE_ENUM: return 4;
    case PROTOBUF_C_TYPE_INT64: case PROTOBUF_C_TYPE_SINT64: case PROTOBUF_C_TYPE_SFIXED64: case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING: case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    }
    return sizeof(ProtobufCBinaryData);
}

static uint32_t wire_type_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32: case PROTOBUF_C_TYPE_FIXED32: case PROTOBUF_C_TYPE_FLOAT: return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64: case PROTOBUF_C_TYPE_FIXED64: case PROTOBUF_C_TYPE_DOUBLE: return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING: case PROTOBUF_C_TYPE_BYTES: case PROTOBUF_C_TYPE_MESSAGE: return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default: return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
}

static const ProtobufCFieldDescriptor *find_field(const level *at, uint32_t number) {
    const ProtobufCMessageDescriptor *descriptor = at->descriptor;
    const ProtobufCFieldDescriptor *fields = descriptor->fields, *last = at->last;
    if (last != NULL) {
        if (last->id == number) return last;
        // Encoders write fields in order, so the next one is a good guess.
        if (last + 1 < fields + descriptor->n_fields && last[1].id == number) return last + 1;
    }
    unsigned low = 0, high = descriptor->n_fields;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (fields[middle].id < number) low = middle + 1; else high = middle;
    }
    return low < descriptor->n_fields && fields[low].id == number ? fields + low : NULL;
}

// Reads a varint of at most `longest` bytes. Returns the byte after it, or NULL with the reason in `code`.
static inline const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, int longest, uint64_t *value, mien_validation_code *code) {
    if (at < end && *at < 0x80) { // nearly all tags and lengths
        *value = *at;
        return at + 1;
    }
    uint64_t result = 0;
    for (int i = 0; i < longest; i++) {
        if (at + i >= end) {
            *code = MIEN_VALIDATION_TRUNCATED;
            return NULL;
        }
        result |= (uint64_t) (at[i] & 0x7f) << (7 * i);
        if (at[i] < 0x80) {
            *value = result;
            return at + i + 1;
        }
    }
    *code = MIEN_VALIDATION_VARINT_TOO_LONG;
    return NULL;
}

// Counts the varints that fill [at, end); stores where the walk stopped if one is cut off or too long.
static mien_validation_code count_varints(const uint8_t *at, const uint8_t *end, uint64_t *count, const uint8_t **stopped) {
    uint64_t found = 0;
    while (at < end) {
        uint64_t word;
        while (end - at >= 8 && (memcpy(&word, at, 8), (word & 0x8080808080808080u) == 0)) {
            found += 8;
            at += 8;
        }
        if (at == end) break;
        uint64_t value;
        mien_validation_code code = MIEN_VALIDATION_OK;
        const uint8_t *next = read_varint(at, end, 10, &value, &code);
        if (next == NULL) {
            *stopped = at;
            return code == MIEN_VALIDATION_TRUNCATED ? MIEN_VALIDATION_PACKED : code;
        }
        at = next;
        found++;
    }
    *count = found;
    return MIEN_VALIDATION_OK;
}

static mien_validation_code count_packed(ProtobufCType type, const uint8_t *at, const uint8_t *end, uint64_t *count,
                                         const uint8_t **stopped) {
    const size_t size = (size_t) (end - at);
    const uint32_t wire = wire_type_of(type);
    *stopped = at;
    if (wire == PROTOBUF_C_WIRE_TYPE_32BIT || wire == PROTOBUF_C_WIRE_TYPE_64BIT) {
        const size_t width = wire == PROTOBUF_C_WIRE_TYPE_32BIT ? 4 : 8;
        *count = size / width;
        return size % width == 0 ? MIEN_VALIDATION_OK : MIEN_VALIDATION_PACKED;
    }
    if (type == PROTOBUF_C_TYPE_BOOL) {
        *count = size;
        for (; at < end; at++) {
            if (*at > 1) {
                *stopped = at;
                return MIEN_VALIDATION_PACKED;
            }
        }
        return MIEN_VALIDATION_OK;
    }
    return count_varints(at, end, count, stopped);
}

static mien_validation_code enter(walk *walk, level *level, const ProtobufCMessageDescriptor *descriptor, const uint8_t *end) {
    if (descriptor->n_fields > MIEN_VALIDATION_MAX_FIELDS) return MIEN_VALIDATION_DESCRIPTOR;
    level->descriptor = descriptor;
    level->last = descriptor->n_fields > 0 ? descriptor->fields : NULL;
    level->end = end;
    level->members = 0;
    level->capacity = first_slab;
    level->has_unknown = 0;
    memset(level->seen, 0, sizeof level->seen);
    walk->allocation += allocation_cost(descriptor->sizeof_message);
    if (descriptor->n_fields > 128) walk->allocation += allocation_cost((descriptor->n_fields + 7) / 8); // its map of required fields
    return MIEN_VALIDATION_OK;
}

mien_validation mien_validate_message(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size,
                                      const mien_validation_limits *limits) {
    static const uint8_t nothing[1] = {0};
    if (data == NULL) data = nothing;
    walk walk = {.start = data, .limits = limits};
    mien_validation_code code = MIEN_VALIDATION_OK;
    const uint8_t *at = data, *blame = data;
    uint32_t number = 0;
    const ProtobufCFieldDescriptor *field = NULL;
    const uint32_t max_depth = limits->max_depth < MIEN_VALIDATION_MAX_DEPTH ? limits->max_depth : MIEN_VALIDATION_MAX_DEPTH;
    level levels[MIEN_VALIDATION_MAX_DEPTH]; // not cleared: entering a level sets all of it
    level *here = levels;
    const ProtobufCMessageDescriptor *blamed = descriptor;

    if (size > limits->max_bytes || size > INT32_MAX) { code = MIEN_VALIDATION_TOO_LARGE; goto done; }
    if (max_depth == 0) { code = MIEN_VALIDATION_TOO_DEEP; goto done; }
    if ((code = enter(&walk, here, descriptor, data + size)) != MIEN_VALIDATION_OK) goto done;

    for (;;) {
        while (at == here->end) {
            if (here == levels) {
                if (walk.allocation > limits->max_allocation) { code = MIEN_VALIDATION_ALLOCATION; number = 0; field = NULL; blame = data; }
                blamed = descriptor;
                goto done;
            }
            here--;
        }
        blamed = here->descriptor;
        blame = at;
        number = 0;
        field = NULL;

        uint64_t tag;
        at = read_varint(at, here->end, 5, &tag, &code);
        if (at == NULL) goto done;
        const uint32_t wire = (uint32_t) (tag & 7);
        if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff) { code = MIEN_VALIDATION_FIELD_NUMBER; goto done; }
        number = (uint32_t) (tag >> 3);
        field = find_field(here, number);
        const unsigned index = field ? (unsigned) (field - here->descriptor->fields) : 0;
        const uint64_t bit = (uint64_t) 1 << (index % 64);
        uint64_t *seen = &here->seen[index / 64];

        if (++walk.elements > limits->max_elements) { code = MIEN_VALIDATION_TOO_MANY_ELEMENTS; goto done; }
        if (here->members++ == here->capacity) { // protobuf-c takes another slab, twice as large as its last
            const uint64_t slab = here->capacity + first_slab;
            walk.allocation += allocation_cost(slab * scanned_member_size);
            here->capacity += slab;
        }
        if (field != NULL) here->last = field;

        // The extent of the value.
        const uint8_t *value = at;
        uint64_t length = 0;
        switch (wire) {
        case PROTOBUF_C_WIRE_TYPE_VARINT: {
            uint64_t ignored;
            at = read_varint(at, here->end, 10, &ignored, &code);
            if (at == NULL) goto done;
            break;
        }
        case PROTOBUF_C_WIRE_TYPE_64BIT:
        case PROTOBUF_C_WIRE_TYPE_32BIT: {
            const ptrdiff_t width = wire == PROTOBUF_C_WIRE_TYPE_64BIT ? 8 : 4;
            if (here->end - at < width) { code = MIEN_VALIDATION_TRUNCATED; goto done; }
            at += width;
            break;
        }
        case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
            at = read_varint(at, here->end, 5, &length, &code);
            if (at == NULL) goto done;
            // The outermost message is compared like any other: a length past the end of the input is the same fault.
            if (length > (uint64_t) (here->end - at)) { code = MIEN_VALIDATION_LENGTH; goto done; }
            at += length;
            break;
        default:
            code = MIEN_VALIDATION_WIRE_TYPE;
            goto done;
        }

        if (field == NULL) { // kept by protobuf-c as a copy, its length prefix included
            if (!here->has_unknown) walk.allocation += array_overhead;
            here->has_unknown = 1;
            walk.allocation += sizeof(ProtobufCMessageUnknownField) + allocation_cost((uint64_t) (at - value));
        } else {
            const int repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
            const uint32_t natural = wire_type_of(field->type);
            const int packed = wire == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED && natural != wire;
            if (natural != wire && !(packed && repeated)) { code = MIEN_VALIDATION_WIRE_TYPE_MISMATCH; goto done; }
            uint64_t count = 1;
            if (packed) {
                const uint8_t *stopped = at;
                code = count_packed(field->type, at - length, at, &count, &stopped);
                if (code != MIEN_VALIDATION_OK) { blame = stopped; goto done; }
                walk.elements += count;
                if (walk.elements > limits->max_elements) { code = MIEN_VALIDATION_TOO_MANY_ELEMENTS; goto done; }
            }
            if (repeated) {
                walk.allocation += count * element_size(field->type) + (*seen & bit ? 0 : array_overhead);
            } else if (field->type == PROTOBUF_C_TYPE_MESSAGE && (*seen & bit) && !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)) {
                code = MIEN_VALIDATION_DUPLICATE_MESSAGE; // members of a oneof replace one another and are never merged
                goto done;
            }
            *seen |= bit;

            if (field->type == PROTOBUF_C_TYPE_STRING) {
                size_t fault = 0;
                const enum utf8_fault found = utf8_check(at - length, (size_t) length, &fault);
                if (found != utf8_fine) {
                    code = found == utf8_nul ? MIEN_VALIDATION_NUL_IN_STRING : MIEN_VALIDATION_NOT_UTF8;
                    blame = at - length + fault;
                    goto done;
                }
                walk.allocation += allocation_cost(length + 1);
            } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
                if (length > 0) walk.allocation += allocation_cost(length);
            } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
                if ((uint32_t) (here - levels) + 1 >= max_depth) { code = MIEN_VALIDATION_TOO_DEEP; goto done; }
                here++;
                code = enter(&walk, here, (const ProtobufCMessageDescriptor *) field->descriptor, at);
                if (code != MIEN_VALIDATION_OK) goto done;
                at -= length;
            }
        }
        if (walk.allocation > limits->max_allocation) { code = MIEN_VALIDATION_ALLOCATION; goto done; }
    }

done:
    return (mien_validation) {
        .code = code,
        .field = code == MIEN_VALIDATION_OK ? 0 : number,
        .offset = code == MIEN_VALIDATION_OK ? size : (size_t) (blame - walk.start),
        .message_name = blamed->name,
        .field_name = code != MIEN_VALIDATION_OK && field != NULL ? field->name : NULL,
        .elements = walk.elements,
        .allocation = walk.allocation,
    };
}

const char *mien_validation_text(mien_validation_code code) {
    switch (code) {
    case MIEN_VALIDATION_OK: return "well-formed";
    case MIEN_VALIDATION_TOO_LARGE: return "message is larger than the limit";
    case MIEN_VALIDATION_TRUNCATED: return "message ends in the middle of a field";
    case MIEN_VALIDATION_VARINT_TOO_LONG: return "variable-length integer is too long";
    case MIEN_VALIDATION_FIELD_NUMBER: return "field number is out of range";
    case MIEN_VALIDATION_WIRE_TYPE: return "wire type is not supported (groups are not)";
    case MIEN_VALIDATION_WIRE_TYPE_MISMATCH: return "wire type does not fit the type of the field";
    case MIEN_VALIDATION_LENGTH: return "length reaches past the end of the enclosing message";
    case MIEN_VALIDATION_TOO_DEEP: return "messages are nested too deeply";
    case MIEN_VALIDATION_NOT_UTF8: return "string is not UTF-8";
    case MIEN_VALIDATION_NUL_IN_STRING: return "string contains a NUL character";
    case MIEN_VALIDATION_PACKED: return "packed elements are malformed";
    case MIEN_VALIDATION_DUPLICATE_MESSAGE: return "message field that may occur once occurs twice";
    case MIEN_VALIDATION_TOO_MANY_ELEMENTS: return "message has more elements than the limit";
    case MIEN_VALIDATION_ALLOCATION: return "message would take more memory than the limit";
    case MIEN_VALIDATION_DESCRIPTOR: return "message type has too many fields to be checked";
    }
    return "unknown validation code";
}
