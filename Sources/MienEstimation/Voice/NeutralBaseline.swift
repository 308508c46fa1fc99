/// What is usual for the voice in one stream: the median of its last utterances, of each score by itself. A median, so that a single
/// outburst does not become what is normal.
package struct NeutralBaseline: Sendable {
    /// Utterances that it remembers, and those it needs before it says anything.
    private static let longest = 32, least = 3

    private var readings: [VoiceReading] = []

    package init() {}

    package mutating func add(_ reading: VoiceReading) {
        readings.append(reading)
        if readings.count > Self.longest { readings.removeFirst() }
    }

    /// How `reading` differs from what was usual before it; nil until there is enough to compare with.
    package func difference(of reading: VoiceReading) -> BaselineDifference? {
        guard readings.count >= Self.least else { return nil }
        return BaselineDifference(
            utterances: readings.count,
            categories: reading.categories.compactMap { estimate in
                median(readings.compactMap { $0.categories.first { $0.category == estimate.category }?.intensity })
                    .map { (estimate.category, estimate.intensity - $0) }
            },
            dimensions: reading.dimensions.compactMap { estimate in
                median(readings.compactMap { $0.dimensions.first { $0.dimension == estimate.dimension }?.value })
                    .map { (estimate.dimension, estimate.value - $0) }
            })
    }

    private func median(_ values: [Float]) -> Float? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted(), middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}

/// An estimate minus what is usual in the same stream.
package struct BaselineDifference: Sendable {
    /// Utterances that the usual rests on.
    package var utterances: Int
    /// Each -1...1.
    package var categories: [(category: Category, value: Float)]
    /// Each -2...2.
    package var dimensions: [(dimension: Dimension, value: Float)]
}
