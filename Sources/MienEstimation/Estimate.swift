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

    package init(category: Category, intensity: Float, nativeScore: Float, nativeScale: NativeScale, calibratedProbability: Float? = nil) {
        self.category = category
        self.intensity = intensity
        self.nativeScore = nativeScore
        self.nativeScale = nativeScale
        self.calibratedProbability = calibratedProbability
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
    package init(dimension: Dimension, value: Float) {
        self.dimension = dimension
        self.value = value
    }
}

package enum Dimension: String, Sendable, CaseIterable {
    case valence, arousal, dominance
}

package struct NativeScore: Sendable {
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
