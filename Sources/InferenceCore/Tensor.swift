/// An f32 tensor, row-major, with value semantics: copies share storage until one of them is written.
package struct Tensor: Sendable {
    package let shape: Shape
    private var storage: AlignedStorage

    /// A tensor of zeros.
    package init(shape: Shape) {
        self.init(uninitialized: shape)
        storage.pointer.initialize(repeating: 0, count: storage.count)
    }

    /// - Precondition: there are as many values as the shape has elements.
    package init(shape: Shape, values: some Collection<Float>) {
        precondition(values.count == shape.count, "\(values.count) values do not fill \(shape)")
        self.shape = shape
        storage = AlignedStorage(values)
    }

    /// A tensor whose elements the caller writes before anything reads them.
    package init(uninitialized shape: Shape) {
        self.shape = shape
        storage = AlignedStorage(count: shape.count)
    }

    /// Number of elements.
    package var count: Int { storage.count }

    package func withUnsafeBufferPointer<Result, Failure: Error>(_ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result) throws(Failure) -> Result {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(start: storage.pointer, count: storage.count))
    }

    package mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if !isKnownUniquelyReferenced(&storage) {
            storage = AlignedStorage(UnsafeBufferPointer(start: storage.pointer, count: storage.count))
        }
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeMutableBufferPointer(start: storage.pointer, count: storage.count))
    }

    /// The elements in the order of memory.
    package var values: [Float] { withUnsafeBufferPointer { Array($0) } }

    /// The same elements under another shape with as many.
    package func reshaped(to shape: Shape) -> Tensor {
        precondition(shape.count == self.shape.count, "\(self.shape) has not as many elements as \(shape)")
        return Tensor(shape: shape, storage: storage)
    }

    private init(shape: Shape, storage: AlignedStorage) {
        self.shape = shape
        self.storage = storage
    }

    /// Where a graph run writes its results and reads its inputs. The caller keeps the tensor alive.
    var base: UnsafeMutablePointer<Float> { storage.pointer }
}
