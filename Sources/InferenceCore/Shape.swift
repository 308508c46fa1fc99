/// The extents of a tensor, row-major: the last one varies fastest.
///
/// Pictures and feature maps are `[batch, height, width, channels]` (NHWC) throughout the core: a 1x1 convolution is then a plain matrix
/// product, and depthwise kernels run along the channels.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package let extents: [Int]

    package init(_ extents: [Int]) {
        precondition(extents.allSatisfy { $0 >= 0 }, "extents are not negative")
        self.extents = extents
    }

    package init(arrayLiteral elements: Int...) { self.init(elements) }

    package var rank: Int { extents.count }
    /// Number of elements; 1 for rank 0.
    package var count: Int { extents.reduce(1, *) }
    package subscript(axis: Int) -> Int { extents[axis] }
    package var description: String { "[" + extents.map(String.init).joined(separator: ", ") + "]" }
}
