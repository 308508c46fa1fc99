import MienNetworks

/// A safetensors file with the given header and data.
func safetensorsBytes(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + [UInt8](repeating: 0x3f, count: data)
}

func file(_ bytes: [UInt8]) -> MappedFile { bytes.withUnsafeBytes { MappedFile(copying: $0) } }
