/// Takes packed weights, piece after piece. Networks write and read their weights in one fixed order: there are no names.
package protocol PackedPieceSink {
    /// Appends a piece; the sink fills up to the next multiple of `PackedPieces.alignment`.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws
}

/// Packed weights in memory, read in the order in which they were written. Matrices stay where they are.
package struct PackedPieces {
    /// Where pieces begin: whole cache lines.
    package static let alignment = 64

    private let bytes: UnsafeRawBufferPointer
    private let owner: AnyObject
    private var position = 0

    /// - Parameters:
    ///   - bytes: On a 64-byte boundary.
    ///   - owner: Keeps the memory alive; whatever is read holds on to it.
    package init(_ bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        precondition(Int(bitPattern: bytes.baseAddress) % Self.alignment == 0, "packed weights lie on cache lines")
        self.bytes = bytes
        self.owner = owner
    }

    private mutating func take(_ count: Int) throws(InferenceError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count - position else {
            throw InferenceError("packed weights end after \(bytes.count) bytes, within a piece of \(count) at \(position)")
        }
        defer { position = min(roundUp(position + count, to: Self.alignment), bytes.count) }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// - Throws: `InferenceError` if there is less.
    mutating func storage(bytes count: Int) throws(InferenceError) -> AlignedStorage {
        AlignedStorage(lent: try take(roundUp(count, to: MemoryLayout<Float>.stride)), by: owner)
    }

    /// - Throws: `InferenceError` if there is less.
    package mutating func floats(_ count: Int) throws(InferenceError) -> [Float] {
        Array(try take(count * MemoryLayout<Float>.stride).bindMemory(to: Float.self))
    }

    /// - Throws: `InferenceError` if something is left.
    package func finish() throws(InferenceError) {
        guard position == bytes.count else { throw InferenceError("\(bytes.count - position) bytes of packed weights are left over") }
    }
}

extension PackedPieceSink {
    package mutating func append(_ values: [Float]) throws { try values.withUnsafeBytes { try append($0) } }

    mutating func append(_ storage: AlignedStorage) throws { try append(UnsafeRawBufferPointer(UnsafeBufferPointer(start: storage.pointer, count: storage.count))) }
}
