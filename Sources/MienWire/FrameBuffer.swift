/// Cuts a byte stream into frames: a 4-byte big-endian length, then as many bytes. Bytes go in through `fill`, frames come out of `next`.
///
/// A length above the limit is refused when its fourth byte arrives, and a length below it is only believed as far as bytes have
/// arrived: memory grows by doubling, never by what a peer claims.
package struct FrameBuffer {
    /// Largest frame accepted, length prefix not counted.
    package let maxFrameBytes: Int
    /// Size of the buffer, apart from frames that are larger.
    private let usualBytes: Int
    private var bytes: [UInt8]
    private var start = 0
    private var end = 0

    package init(maxFrameBytes: Int, usualBytes: Int = 256 << 10) {
        precondition(usualBytes >= 16)
        self.maxFrameBytes = maxFrameBytes
        self.usualBytes = usualBytes
        bytes = Array(repeating: 0, count: usualBytes)
    }

    /// Bytes that wait for the rest of their frame (or for `next`).
    package var count: Int { end - start }

    /// Offers free space to `read`, which returns how many bytes it has put there.
    package mutating func fill<E>(_ read: (UnsafeMutableRawBufferPointer) throws(E) -> Int) throws(E) -> Int {
        makeSpace()
        let free = end
        let result = bytes.withUnsafeMutableBytes { bytes in
            Result<Int, E> { () throws(E) in try read(UnsafeMutableRawBufferPointer(rebasing: bytes[free...])) }
        }
        let count = try result.get()
        precondition(count >= 0 && count <= bytes.count - end)
        end += count
        return count
    }

    /// Hands the next complete frame to `body`; nil if there is none yet.
    ///
    /// - Throws: `ProtocolViolation` for a length above the limit.
    package mutating func next<T>(_ body: (UnsafeRawBufferPointer) -> T) throws(ProtocolViolation) -> T? {
        guard count >= 4 else { return nil }
        let length = frameLength
        guard length <= maxFrameBytes else { throw violation(length) }
        guard count >= 4 + length else { return nil }
        let result = bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[(start + 4)..<(start + 4 + length)])) }
        start += 4 + length
        if start == end {
            start = 0
            end = 0
        }
        return result
    }

    /// What to say when the stream ends now; nil if it ends between two frames.
    package var truncation: String? {
        guard count > 0 else { return nil }
        if let text = noise { return "the stream carried text instead of a frame, then ended: \(text)" }
        guard count >= 4 else { return "the stream ended inside a frame's length, after \(count) of 4 bytes" }
        return "the stream ended inside a frame, after \(count - 4) of \(frameLength) bytes"
    }

    private var frameLength: Int {
        Int(bytes[start]) << 24 | Int(bytes[start + 1]) << 16 | Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
    }

    private mutating func makeSpace() {
        let needed = count >= 4 ? 4 + min(frameLength, maxFrameBytes) : 4
        let size = count
        if start > 0, bytes.count - end < usualBytes / 4 || start + needed > bytes.count {
            let from = start
            bytes.withUnsafeMutableBytes { $0.baseAddress!.copyMemory(from: $0.baseAddress! + from, byteCount: size) }
            start = 0
            end = size
        }
        if needed > bytes.count, end == bytes.count {
            bytes += Array(repeating: 0, count: min(needed, bytes.count * 2) - bytes.count)
        } else if size == 0, bytes.count > usualBytes {
            bytes = Array(repeating: 0, count: usualBytes)
        }
    }

    private func violation(_ length: Int) -> ProtocolViolation {
        if let text = noise {
            return ProtocolViolation("the stream carries text instead of a frame: \(text)")
        }
        return ProtocolViolation("a frame of \(length) bytes exceeds the limit of \(maxFrameBytes)")
    }

    /// The waiting bytes in quotation marks if they begin like text. No length below 128 MiB does.
    private var noise: String? {
        let head = bytes[start..<min(end, start + 80)]
        guard let first = head.first, first >= 8 else { return nil }
        let isText = head.prefix(4).allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 || $0 == 10 || $0 == 13 || $0 == 27 }
        guard isText else { return nil }
        return "\"" + String(decoding: head, as: UTF8.self).unicodeScalars.map { $0.escaped(asASCII: false) }.joined() + "\""
    }
}

/// The other side broke a rule of the protocol: the connection cannot go on.
package struct ProtocolViolation: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
