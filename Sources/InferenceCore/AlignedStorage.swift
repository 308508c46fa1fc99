/// Floats on a 64-byte boundary: a cache line, and the widest vector. Not initialised.
package final class AlignedStorage: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Float>
    /// In floats.
    package let count: Int

    package init(count: Int) {
        precondition(count >= 0 && count <= Int.max / 8, "storage of \(count) floats")
        self.count = count
        let bytes = (max(count, 1) * MemoryLayout<Float>.stride + 63) / 64 * 64
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        pointer = raw.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
    }

    convenience init(bytes: Int) { self.init(count: (bytes + 3) / 4) }

    package convenience init(_ values: some Collection<Float>) {
        self.init(count: values.count)
        _ = UnsafeMutableBufferPointer(start: pointer, count: count).initialize(from: values)
    }

    deinit {
        UnsafeMutableRawPointer(pointer).deallocate()
    }
}
