import MienNetworks

/// Writes protobuf fields byte by byte, so that tests can also write what no encoder would.
struct ProtoBytes {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func tag(_ field: UInt64, _ wire: UInt64) { varint(field << 3 | wire) }

    mutating func integer(_ field: UInt64, _ value: UInt64) {
        tag(field, 0)
        varint(value)
    }

    mutating func data(_ field: UInt64, _ contents: [UInt8]) {
        tag(field, 2)
        varint(UInt64(contents.count))
        bytes += contents
    }

    mutating func text(_ field: UInt64, _ contents: String) { data(field, Array(contents.utf8)) }
    mutating func raw(_ more: [UInt8]) { bytes += more }

    static func made(_ body: (inout ProtoBytes) throws -> Void) rethrows -> [UInt8] {
        var builder = ProtoBytes()
        try body(&builder)
        return builder.bytes
    }
}

/// A safetensors file with the given header and data.
func safetensorsBytes(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + [UInt8](repeating: 0x3f, count: data)
}

func file(_ bytes: [UInt8]) -> MappedFile { bytes.withUnsafeBytes { MappedFile(copying: $0) } }
