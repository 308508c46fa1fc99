/// How strongly one category shows, according to one estimator.
package struct CategoryEstimate: Sendable {
    package var category: Category
    /// 0...1, comparable between estimators.
    package var intensity: Float
    /// The model's score as it gave it.
    package var nativeScore: Float
    package var nativeScale: NativeScale
    /// Present only if the estimator was calibrated on held-out people.
    package var calibratedProbability: Float?
    /// The native score minus that of a neutral face or voice; nil where no neutral one is known.
    package var aboveNeutral: Float?
    /// How far human raters agree about this category, -1...1; which statistic, on which data, the estimator's model card says. Nil if unknown.
    package var raterReliability: Float?
    /// The interpretation is withheld, because raters do not agree enough: see `abstaining(below:)`. Estimators leave it false.
    package var abstains: Bool
    /// Of several estimators together: the weighted standard deviation of their intensities, 0...0.5. Nil where fewer than two speak about the category.
    package var disagreement: Float?

    package init(category: Category, intensity: Float, nativeScore: Float, nativeScale: NativeScale, calibratedProbability: Float? = nil,
                 aboveNeutral: Float? = nil, raterReliability: Float? = nil, abstains: Bool = false, disagreement: Float? = nil) {
        self.category = category
        self.intensity = intensity
        self.nativeScore = nativeScore
        self.nativeScale = nativeScale
        self.calibratedProbability = calibratedProbability
        self.aboveNeutral = aboveNeutral
        self.raterReliability = raterReliability
        self.abstains = abstains
        self.disagreement = disagreement
    }
}

package struct NativeScale: Sendable, Hashable {
    package var minimum: Float
    package var maximum: Float
    package var meaning: String
    package init(minimum: Float, maximum: Float, meaning: String) {
        self.minimum = minimum
        self.maximum = maximum
        self.meaning = meaning
    }
}

package struct DimensionEstimate: Sendable {
    package var dimension: Dimension
    /// -1...1.
    package var value: Float
    /// As with categories, 0...1.
    package var disagreement: Float?
    package init(dimension: Dimension, value: Float, disagreement: Float? = nil) {
        self.dimension = dimension
        self.value = value
        self.disagreement = disagreement
    }
}

package enum Dimension: String, Sendable, CaseIterable {
    case valence, arousal, dominance
}

/// What an estimator says beside emotions: "Age", "Warm vs. Cold", "Recording Quality".
package struct AttributeEstimate: Sendable {
    /// Canonical name, one of `EstimatorDescription.attributes`.
    package var attribute: String
    /// On `scale`.
    package var value: Float
    package var scale: NativeScale
    /// What the two ends of the scale mean. A name need not list them in this order: "Warm vs. Cold" is cold at its low end.
    package var lowEnd: String
    package var highEnd: String
    /// `value` minus that of a neutral face or voice; nil where no neutral one is known.
    package var aboveNeutral: Float?

    package init(attribute: String, value: Float, scale: NativeScale, lowEnd: String, highEnd: String, aboveNeutral: Float? = nil) {
        self.attribute = attribute
        self.value = value
        self.scale = scale
        self.lowEnd = lowEnd
        self.highEnd = highEnd
        self.aboveNeutral = aboveNeutral
    }
}

package struct NativeScore: Sendable, Hashable {
    package var label: String
    package var score: Float
    package init(label: String, score: Float) {
        self.label = label
        self.score = score
    }
}

package struct EstimateWarning: Sendable, Hashable {
    /// Stable, in UPPER_SNAKE_CASE.
    package var reason: String
    /// For people, in English.
    package var message: String
    package init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }
}

extension NativeScale {
    /// A value's place on the scale, -1...1.
    package func signed(_ value: Float) -> Float { min(max(2 * (value - minimum) / (maximum - minimum) - 1, -1), 1) }
    /// How far a value lies from `zero` towards the scale's end, 0...1.
    package func intensity(_ value: Float, from zero: Float) -> Float { min(max((value - zero) / max(maximum - zero, .leastNormalMagnitude), 0), 1) }
}

extension EstimateWarning {
    /// For estimators whose weights are made up for tests.
    package static let randomWeights = EstimateWarning(reason: "WEIGHTS_RANDOM", message: "the weights are random numbers, made for tests: the answer means nothing")
}
