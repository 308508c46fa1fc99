// What the estimators share whose models have a head, and a file, for each thing that they score: those of EmoNet.

extension Category {
    /// Its name as the files of heads have it: "Impatience_and_Irritability". In lower case for faces.
    package var headLabel: String { String(name.map { $0 == " " || $0 == "/" ? "_" : $0 }) }
}

extension [String] {
    /// The labels, of heads, that a request needs: those of the categories that it wants; all if it wants everything.
    package func needed(for categories: [Category]?) -> [String] {
        guard let categories else { return self }
        return filter { label in Category(matching: label).map(categories.contains) ?? false }
    }
}

/// A head that scores something beside the categories, on a scale whose ends have names.
package struct AttributeHead: Sendable {
    /// Its native label.
    package let label: String
    /// As `AttributeEstimate.attribute`.
    package let name: String
    package let scale: NativeScale
    package let lowEnd: String
    package let highEnd: String
    /// The dimension that it is also given as; nil: none.
    package let dimension: Dimension?

    package init(_ label: String, _ name: String, _ range: ClosedRange<Float>, of meaning: String, _ lowEnd: String, _ highEnd: String, dimension: Dimension? = nil) {
        self.label = label
        self.name = name
        scale = NativeScale(minimum: range.lowerBound, maximum: range.upperBound, meaning: meaning)
        self.lowEnd = lowEnd
        self.highEnd = highEnd
        self.dimension = dimension
    }
}

extension [AttributeHead] {
    /// What the scores of these heads say, in the order of the heads; those without a score are left out.
    ///
    /// - Parameter neutral: Scores of a neutral face or voice, by label, as far as they are known.
    package func estimates(of scores: [NativeScore], neutral: [String: Float]) -> (attributes: [AttributeEstimate], dimensions: [DimensionEstimate]) {
        var attributes: [AttributeEstimate] = [], dimensions: [DimensionEstimate] = []
        for head in self {
            guard let score = scores.first(where: { $0.label == head.label })?.score else { continue }
            attributes.append(AttributeEstimate(attribute: head.name, value: score, scale: head.scale, lowEnd: head.lowEnd, highEnd: head.highEnd,
                                                aboveNeutral: neutral[head.label].map { score - $0 }))
            if let dimension = head.dimension { dimensions.append(DimensionEstimate(dimension: dimension, value: head.scale.signed(score))) }
        }
        return (attributes, dimensions)
    }
}
