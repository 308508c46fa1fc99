import MienMessages

/// Rules for metadata, checked by both sides.
enum Metadata {
    /// Names and values of one call and direction, in bytes.
    static let maxBytes = 8 << 10
    /// Names that begin like this belong to the protocol.
    static let reservedPrefix = "mien-"

    /// Checks what a caller attaches to a call.
    static func check(_ metadata: [MetadataEntry]) throws(CallError) {
        guard !metadata.isEmpty else { return }
        var bytes = 0
        for entry in metadata {
            guard isName(entry.name) else {
                throw CallError(.invalidArgument, "the metadata name \"\(entry.name.prefix(80))\" is not made of lower-case letters, digits, '-', '_' and '.'",
                                reason: "METADATA_NAME")
            }
            guard !entry.name.hasPrefix(reservedPrefix) else {
                throw CallError(.invalidArgument, "the metadata name \"\(entry.name.prefix(80))\" is reserved: names that begin with \(reservedPrefix) belong to the protocol",
                                reason: "METADATA_RESERVED")
            }
            bytes += entry.name.utf8.count + entry.value.utf8.count
        }
        guard bytes <= maxBytes else {
            throw CallError(.resourceExhausted, "\(bytes) bytes of metadata exceed the limit of \(maxBytes)", reason: "METADATA_TOO_LARGE",
                            facts: [.init("limit", "\(maxBytes)")])
        }
    }

    /// As many leading entries as fit the limit. (Trailing metadata must not turn an answer into an error.)
    static func fitting(_ metadata: [MetadataEntry]) -> [MetadataEntry] {
        var bytes = 0
        return Array(metadata.prefix { entry in
            bytes += entry.name.utf8.count + entry.value.utf8.count
            return bytes <= maxBytes
        })
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 || $0 == 46 }
    }
}

extension [MetadataEntry] {
    init(_ metadata: [Proto.Metadata]) { self = metadata.map { MetadataEntry($0.name, $0.value) } }
}

extension [Proto.Metadata] {
    init(_ metadata: [MetadataEntry]) { self = metadata.map { Proto.Metadata(name: $0.name, value: $0.value) } }
}
