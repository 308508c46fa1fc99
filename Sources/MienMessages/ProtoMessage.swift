/// Every message of the wire as a Swift value: generated from Protos/ by Scripts/generate-protos, over protobuf-c.
package enum Proto {}

/// A protobuf message as a Swift value. C structs stay behind it.
package protocol ProtoMessage: Sendable, Equatable {
    init()

    /// Name in the .proto file, with its package: "mien.v1.Frame".
    static var fullName: String { get }

    /// Fields that this version of the message does not know. They are written back when the message is encoded.
    var unknownFields: [UnknownField] { get set }

    /// Reads one serialised message. Nothing is allocated before the bytes have been checked against `limits`.
    ///
    /// - Throws: `MessageError` if the bytes are not a valid message of this type or exceed a limit.
    init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError)

    /// Appends the serialised message to `buffer`; `framed` puts its length before it, in 4 bytes, big-endian.
    func append(to buffer: inout [UInt8], framed: Bool)
}

extension ProtoMessage {
    /// Reads one serialised message.
    ///
    /// - Throws: `MessageError` if the bytes are not a valid message of this type or exceed a limit.
    package init(decoding bytes: [UInt8], limits: MessageLimits = .standard) throws(MessageError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result<Self, MessageError> { () throws(MessageError) in try Self(decoding: bytes, limits: limits) }
        }
        self = try result.get()
    }

    /// Reads one serialised message within the standard limits.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(MessageError) {
        try self.init(decoding: bytes, limits: .standard)
    }

    /// The serialised message. A NUL character inside a string becomes a space, because C strings cannot carry it.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes, framed: false)
        return bytes
    }
}

/// A field that the reader's version of a message does not know.
package struct UnknownField: Sendable, Equatable {
    package var number: UInt32
    /// 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.
    package var wireType: UInt8
    /// The bytes after the tag, as they came; of a length-delimited field, its length included.
    package var bytes: [UInt8]

    package init(number: UInt32, wireType: UInt8, bytes: [UInt8]) {
        self.number = number
        self.wireType = wireType
        self.bytes = bytes
    }
}

/// What a message may cost before it is refused.
package struct MessageLimits: Sendable, Hashable {
    /// Largest serialised message, in bytes.
    package var bytes: Int
    /// Most fields and packed elements, counted through all levels.
    package var elements: Int
    /// Most bytes that unpacking may allocate.
    package var allocation: Int
    /// Deepest nesting; the outermost message is at depth 1.
    package var depth: Int

    package init(bytes: Int, elements: Int, allocation: Int, depth: Int) {
        self.bytes = bytes
        self.elements = elements
        self.allocation = allocation
        self.depth = depth
    }

    /// For messages of services: 128 MiB, a million fields, 16 levels.
    package static let standard = MessageLimits(bytes: 128 << 20, elements: 1 << 20, allocation: 256 << 20, depth: 16)
}

/// Bytes that are no valid message, or one above a limit.
package struct MessageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where and why: "field method of mien.v1.Open at byte 17: not UTF-8".
    package var description: String
    /// In dotted form, as far as known: "mien.v1.Open.method".
    package var field: String
    /// The message is well formed as far as it was read, and too large for a limit.
    package var exceedsLimit: Bool
}
