/// Floats on a 64-byte boundary: a cache line, and the widest vector. Not initialised, or lent by a file in memory, and then only to be read.
package final class AlignedStorage: @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Float>
    /// In floats.
    package let count: Int
    /// Keeps lent memory alive; nil if it is our own.
    private let owner: AnyObject?

    package init(count: Int) {
        precondition(count >= 0 && count <= Int.max / 8, "storage of \(count) floats")
        self.count = count
        owner = nil
        let bytes = (max(count, 1) * MemoryLayout<Float>.stride + 63) / 64 * 64
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        pointer = raw.bindMemory(to: Float.self, capacity: bytes / MemoryLayout<Float>.stride)
    }

    convenience init(bytes: Int) { self.init(count: (bytes + 3) / 4) }

    package convenience init(_ values: some Collection<Float>) {
        self.init(count: values.count)
        _ = UnsafeMutableBufferPointer(start: pointer, count: count).initialize(from: values)
    }

    /// Stands for memory that `owner` keeps alive.
    init(lent bytes: UnsafeRawBufferPointer, by owner: AnyObject) {
        count = bytes.count / MemoryLayout<Float>.stride
        self.owner = owner
        pointer = UnsafeMutableRawPointer(mutating: bytes.baseAddress!).bindMemory(to: Float.self, capacity: count)
    }

    deinit {
        if owner == nil { UnsafeMutableRawPointer(pointer).deallocate() }
    }
}
