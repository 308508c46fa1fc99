// Protobuf's wire format without a schema: what remains of a message when only numbers and types are known.

/// One field as it lies in a message.
struct WireField {
    enum Payload {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)

        var name: String {
            switch self {
            case .varint: "a varint"
            case .fixed64: "8 bytes"
            case .bytes: "a length and bytes"
            case .fixed32: "4 bytes"
            }
        }
    }

    var number: Int
    var payload: Payload
}

/// Reads the fields of a message, or the elements of a packed field, one after the other. Never reads beyond its slice.
struct WireReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func varint() throws(ReflectionError) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<10 {
            guard let byte = rest.popFirst() else { throw ReflectionError("message is truncated within a varint") }
            // Of the tenth byte one bit is left.
            guard place < 9 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7F) << (7 * UInt64(place))
            if byte < 0x80 { return value }
        }
        throw ReflectionError("varint of more than 64 bits")
    }

    mutating func fixed32() throws(ReflectionError) -> UInt32 {
        let bytes = try take(4)
        return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func fixed64() throws(ReflectionError) -> UInt64 {
        let bytes = try take(8)
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func field() throws(ReflectionError) -> WireField {
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw ReflectionError("field number \(tag >> 3) is out of range") }
        let number = Int(tag >> 3)
        switch tag & 7 {
        case 0: return WireField(number: number, payload: .varint(try varint()))
        case 1: return WireField(number: number, payload: .fixed64(try fixed64()))
        case 2:
            let count = try varint()
            guard count <= UInt64(rest.count) else { throw ReflectionError("message is truncated within field \(number)") }
            return WireField(number: number, payload: .bytes(try take(Int(count))))
        case 5: return WireField(number: number, payload: .fixed32(try fixed32()))
        case 3, 4: throw ReflectionError("field \(number) is a group, which is not supported")
        default: throw ReflectionError("field \(number) has the unknown wire type \(tag & 7)")
        }
    }

    private mutating func take(_ count: Int) throws(ReflectionError) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw ReflectionError("message is truncated") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    mutating func fixed32(_ value: UInt32) { for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) } }
    mutating func fixed64(_ value: UInt64) { for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) } }
    mutating func tag(_ number: Int, wireType: UInt64) { varint(UInt64(number) << 3 | wireType) }
    mutating func raw(_ more: [UInt8]) { bytes += more }

    mutating func delimited(_ number: Int, _ content: some Collection<UInt8>) {
        tag(number, wireType: 2)
        varint(UInt64(content.count))
        bytes += content
    }
}
