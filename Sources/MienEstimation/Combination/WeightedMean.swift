/// The mean of what several estimators say of the same face or clip, and how far they disagree.
///
/// Each category and dimension is the business of those that speak about it: an estimator that does not cover it, or abstains on it, has no vote. Disagreement is the weighted standard
/// deviation, sqrt(sum w (x - mean)^2 / sum w): 0 if all say the same, half the distance of two that weigh the same.
struct WeightedMean {
    private var votes: [(value: Float, weight: Float)] = []

    static let scale = NativeScale(minimum: 0, maximum: 1, meaning: "weighted mean of intensities")

    private mutating func add(_ value: Float, weight: Float) { votes.append((value, weight)) }

    private var mean: Float { sum(\.value) }
    private var disagreement: Float? {
        guard votes.count > 1 else { return nil }
        let mean = mean
        return sum { ($0.value - mean) * ($0.value - mean) }.squareRoot()
    }

    private func sum(_ term: ((value: Float, weight: Float)) -> Float) -> Float {
        let total = votes.reduce(0) { $0 + Double($1.weight) }
        return Float(votes.reduce(0) { $0 + Double($1.weight) * Double(term($1)) } / total)
    }

    /// - Parameter parts: What each says, with abstentions marked.
    /// - Returns: One estimate for each category that any has, strongest first. Where all that have it abstain, so does the mean.
    static func categories(_ parts: [(weight: Float, categories: [CategoryEstimate])]) -> [CategoryEstimate] {
        var means: [Category: WeightedMean] = [:]
        for part in parts {
            for estimate in part.categories {
                var mean = means[estimate.category] ?? WeightedMean()
                if !estimate.abstains { mean.add(estimate.intensity, weight: part.weight) }
                means[estimate.category] = mean
            }
        }
        return means.map { category, mean in
            let abstains = mean.votes.isEmpty, intensity = abstains ? 0 : mean.mean
            return CategoryEstimate(category: category, intensity: intensity, nativeScore: intensity, nativeScale: scale, abstains: abstains, disagreement: mean.disagreement)
        }.strongestFirst
    }

    /// - Returns: One value for each dimension that any has.
    static func dimensions(_ parts: [(weight: Float, dimensions: [DimensionEstimate])]) -> [DimensionEstimate] {
        Dimension.allCases.compactMap { dimension in
            var mean = WeightedMean()
            for part in parts {
                if let estimate = part.dimensions.first(where: { $0.dimension == dimension }) { mean.add(estimate.value, weight: part.weight) }
            }
            return mean.votes.isEmpty ? nil : DimensionEstimate(dimension: dimension, value: mean.mean, disagreement: mean.disagreement)
        }
    }
}
