#pragma once
// Walks a serialized protobuf message before protobuf-c unpacks it.
//
// protobuf-c has no depth limit, accepts any bytes in strings, cuts strings at an embedded NUL, lets two bytes of input cost a hundred of
// memory, and reads outside its tables when it merges repeated occurrences of a singular message that holds a oneof. A message that this
// walk accepts can be given to protobuf_c_message_unpack: it neither overflows the stack nor allocates more than `allocation` bytes,
// and it succeeds unless memory runs out or a `required` field is missing (which unpack itself reports by returning NULL).
//
// The walk allocates nothing, keeps no state, does not recurse, and takes time linear in the size of the input.

#include <stddef.h>
#include <stdint.h>
#include <protobuf-c/protobuf-c.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Deepest nesting that can be asked for; larger limits are lowered to this one. Google's decoders stop at the same depth.
#define MIEN_VALIDATION_MAX_DEPTH 100

/// Message types with more fields than this are refused (the table of fields seen is of fixed size).
#define MIEN_VALIDATION_MAX_FIELDS 256

typedef enum mien_validation_code {
    MIEN_VALIDATION_OK = 0,
    /// The input is larger than `max_bytes` or than 2^31 - 1 bytes.
    MIEN_VALIDATION_TOO_LARGE,
    /// The input ends inside a tag, a value or a length.
    MIEN_VALIDATION_TRUNCATED,
    /// A varint of more than 10 bytes, or a tag or length of more than 5.
    MIEN_VALIDATION_VARINT_TOO_LONG,
    /// A field number of 0 or above 2^29 - 1.
    MIEN_VALIDATION_FIELD_NUMBER,
    /// A group, or wire type 6 or 7.
    MIEN_VALIDATION_WIRE_TYPE,
    /// A wire type that exists but does not fit the field's type.
    MIEN_VALIDATION_WIRE_TYPE_MISMATCH,
    /// A length that reaches past the end of the enclosing message.
    MIEN_VALIDATION_LENGTH,
    /// Messages nested deeper than `max_depth`.
    MIEN_VALIDATION_TOO_DEEP,
    /// A string field that is not UTF-8.
    MIEN_VALIDATION_NOT_UTF8,
    /// A string with a NUL character, which C strings cannot carry.
    MIEN_VALIDATION_NUL_IN_STRING,
    /// Packed elements that do not fill their length, or a packed bool other than 0 and 1.
    MIEN_VALIDATION_PACKED,
    /// A singular message field that occurs twice. Encoders do not write this; decoders would have to merge.
    MIEN_VALIDATION_DUPLICATE_MESSAGE,
    /// More than `max_elements` fields and packed elements.
    MIEN_VALIDATION_TOO_MANY_ELEMENTS,
    /// Unpacking could allocate more than `max_allocation` bytes.
    MIEN_VALIDATION_ALLOCATION,
    /// The message type has more than MIEN_VALIDATION_MAX_FIELDS fields.
    MIEN_VALIDATION_DESCRIPTOR,
} mien_validation_code;

typedef struct mien_validation_limits {
    /// Largest input in bytes.
    uint64_t max_bytes;
    /// Most fields, known or not, plus elements of packed fields, in the whole message.
    uint64_t max_elements;
    /// Most bytes that unpacking may allocate, in sum, with the headers and rounding of glibc's heap (but not the rounding of blocks
    /// above 128 KiB to whole pages, under 3 %).
    uint64_t max_allocation;
    /// Deepest nesting; the outermost message is at depth 1.
    uint32_t max_depth;
} mien_validation_limits;

typedef struct mien_validation {
    mien_validation_code code;
    /// Number of the offending field; 0 if it could not be read or the fault is not in a field.
    uint32_t field;
    /// Where in the input the offending tag or value begins.
    size_t offset;
    /// Full name of the message type the fault was found in, such as "mien.v1.Frame".
    const char *message_name;
    /// Name of the offending field; NULL if it is unknown.
    const char *field_name;
    /// What was counted against the limits up to the end, or to the fault.
    uint64_t elements;
    uint64_t allocation;
} mien_validation;

/// Checks `size` bytes at `data` as a message of type `descriptor`. `data` may be NULL when `size` is 0.
mien_validation mien_validate_message(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t size,
                                      const mien_validation_limits *limits);

/// What a code means, as the end of a sentence such as "field 3 at byte 17: length reaches past the end". Never NULL.
const char *mien_validation_text(mien_validation_code code);

#ifdef __cplusplus
}
#endif
