/// Reads little-endian numbers from bytes, never beyond their end.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset: Int

    init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        self.bytes = bytes
        self.offset = min(max(offset, 0), bytes.count)
    }

    /// The next `count` bytes; nil if there are not as many.
    mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> Number? {
        take(MemoryLayout<Number>.size).map { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
    }

    /// Text up to a line feed, which is passed over; nil if none follows within `limit` bytes.
    mutating func line(limit: Int) -> String? {
        let end = min(bytes.count, offset + limit)
        guard let feed = bytes[offset..<end].firstIndex(of: UInt8(ascii: "\n")), let text = take(feed - offset).flatMap({ Self.text($0) }) else { return nil }
        offset += 1
        return text
    }

    /// UTF-8, strictly.
    static func text(_ bytes: UnsafeRawBufferPointer) -> String? { String(validating: bytes, as: UTF8.self) }
}
