/// An extent that may depend on the input.
enum OnnxExtent: Hashable {
    case known(Int)
    /// So many times the number of examples.
    case batches(Int)
    case unknown

    static let batch = OnnxExtent.batches(1)

    /// The extent for one example; 1 if it is not known.
    var factor: Int {
        switch self {
        case .known(let count), .batches(let count): count
        case .unknown: 1
        }
    }

    var isBatch: Bool { if case .batches = self { true } else { false } }
}

extension [OnnxExtent] {
    /// For messages, as in `[n, 3, ?, ?]`.
    var shown: String {
        "[" + map { extent in
            switch extent {
            case .known(let number): String(number)
            case .batches(let factor): factor == 1 ? "n" : "\(factor) n"
            case .unknown: "?"
            }
        }.joined(separator: ", ") + "]"
    }

    /// The numbers, if nothing depends on the input.
    var numbers: [Int]? {
        var numbers: [Int] = []
        for extent in self {
            guard case .known(let number) = extent else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// As the core's reshape takes them: what depends on the batch is what is left over.
    var core: [Int?] { map { $0.isBatch ? nil : $0.factor } }

    /// Elements for one example; nil if that is not known, or more than 2^28.
    var elements: Int? {
        contains(.unknown) ? nil : map(\.factor).boundedProduct
    }

    /// The same memory under the extents of a Reshape, where 0 repeats an extent and a single -1 is what is left over. Of extents that are
    /// all numbers, as a file for one example has them, one becomes the batch's: the first with as many elements before it as here.
    ///
    /// - Returns: nil if they do not fit.
    func reshaped(_ wanted: [OnnxExtent]) -> [OnnxExtent]? {
        guard let total = elements, let batch = firstIndex(where: \.isBatch) else { return nil }
        var extents: [OnnxExtent] = []
        for (axis, extent) in wanted.enumerated() {
            guard extent != .known(0) || axis < count else { return nil }
            extents.append(extent == .known(0) ? self[axis] : extent)
        }
        let free = extents.indices.filter { extents[$0] == .known(-1) }
        let others = extents.filter { $0 != .known(-1) }
        guard free.count <= 1, others.allSatisfy({ $0 != .unknown && $0.factor > 0 }), others.count(where: \.isBatch) <= 1,
              let known = others.map(\.factor).boundedProduct, total % known == 0, free.count == 1 || total == known else { return nil }
        let hasBatch = others.contains(where: \.isBatch)
        if let free = free.first { extents[free] = free == 0 && !hasBatch ? .batches(total / known) : .known(total / known) }
        if extents.contains(where: \.isBatch) { return extents }
        let before = self[..<batch].map(\.factor).reduce(1, *)
        var product = 1
        for (axis, extent) in extents.enumerated() {
            if product == before {
                extents[axis] = .batches(extent.factor)
                return extents
            }
            product *= extent.factor
        }
        return nil
    }
}

extension [Int] {
    /// nil beyond 2^28, far more than any value here has.
    fileprivate var boundedProduct: Int? {
        var product = 1
        for factor in self {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            guard !overflow, next <= 1 << 28 else { return nil }
            product = next
        }
        return product
    }
}
