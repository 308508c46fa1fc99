/// Writes protobuf fields byte by byte, so that tests can also write what no encoder would.
package struct ProtoBytes {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    package mutating func tag(_ field: UInt64, _ wire: UInt64) { varint(field << 3 | wire) }

    package mutating func integer(_ field: UInt64, _ value: UInt64) {
        tag(field, 0)
        varint(value)
    }

    package mutating func data(_ field: UInt64, _ contents: [UInt8]) {
        tag(field, 2)
        varint(UInt64(contents.count))
        bytes += contents
    }

    package mutating func text(_ field: UInt64, _ contents: String) { data(field, Array(contents.utf8)) }
    package mutating func raw(_ more: [UInt8]) { bytes += more }

    package static func made(_ body: (inout ProtoBytes) throws -> Void) rethrows -> [UInt8] {
        var builder = ProtoBytes()
        try body(&builder)
        return builder.bytes
    }
}
