import MienMessages

/// Looks at what an estimator says: the right number of readings, nothing that its description does not name, numbers in their range.
struct ReadingsCheck {
    /// How far two answers about the same may be apart: sums in another order.
    private static let tolerance: Float = 1e-3

    private let estimator: Proto.PluginEstimator

    init(_ estimator: Proto.PluginEstimator) { self.estimator = estimator }

    func failure(_ readings: [Proto.PluginReading], count: Int) -> CaseFailure? {
        guard readings.count == count else { return CaseFailure(expected: "\(count) readings", came: "\(readings.count)") }
        return readings.lazy.compactMap { names($0) ?? numbers($0) }.first
    }

    private func names(_ reading: Proto.PluginReading) -> CaseFailure? {
        for (kind, given, known) in [("category", reading.categories.map(\.name), estimator.categories), ("dimension", reading.dimensions.map(\.name), estimator.dimensions),
                                     ("attribute", reading.attributes.map(\.name), estimator.attributes), ("label", reading.predictionSet?.labels ?? [], estimator.nativeLabels)] {
            if let stranger = given.first(where: { !known.contains($0) }) {
                return CaseFailure(expected: "no \(kind) that the description of \(estimator.id) does not name", came: "\"\(stranger.prefix(80))\"")
            }
            if Set(given).count != given.count { return CaseFailure(expected: "no \(kind) twice", came: given.joined(separator: ", ")) }
        }
        let labels = reading.nativeScores.map(\.label)
        guard labels.isEmpty || labels == estimator.nativeLabels else {
            return CaseFailure(expected: "all native labels in their order, or none", came: labels.joined(separator: ", "))
        }
        return nil
    }

    private func numbers(_ reading: Proto.PluginReading) -> CaseFailure? {
        var all: [(String, Float, ClosedRange<Float>?)] = []
        for one in reading.categories {
            all.append(("the intensity of \(one.name)", one.intensity, 0...1))
            all.append(("the native score of \(one.name)", one.nativeScore, nil))
            if let value = one.calibratedProbability { all.append(("the probability of \(one.name)", value, 0...1)) }
            if let value = one.aboveNeutral { all.append(("above_neutral of \(one.name)", value, nil)) }
            if let value = one.raterReliability { all.append(("rater_reliability of \(one.name)", value, -1...1)) }
            if one.nativeScale == nil, one.nativeScore != 0 { return CaseFailure(expected: "a scale with the native score of \(one.name)", came: "none") }
        }
        for one in reading.dimensions { all.append((one.name, one.value, -1...1)) }
        for one in reading.attributes {
            guard one.scale != nil else { return CaseFailure(expected: "a scale of \(one.name)", came: "none") }
            all.append((one.name, one.value, nil))
        }
        for one in reading.nativeScores { all.append(("the native score of \(one.label)", one.score, nil)) }
        for scale in reading.categories.compactMap(\.nativeScale) + reading.attributes.compactMap(\.scale) where !(scale.minimum < scale.maximum) {
            return CaseFailure(expected: "scales that rise", came: "\(scale.minimum) to \(scale.maximum)")
        }
        if let set = reading.predictionSet { all.append(("the coverage of the prediction set", set.coverage, 0...1)) }
        for (what, value, range) in all {
            if !value.isFinite { return CaseFailure(expected: "finite numbers", came: "\(value) as \(what)") }
            if let range, !range.contains(value) { return CaseFailure(expected: "\(what) in \(range.lowerBound)...\(range.upperBound)", came: "\(value)") }
        }
        return nil
    }

    /// What differs between two answers, of which the shorter one is the beginning of the other.
    func difference(_ one: [Proto.PluginReading], _ other: [Proto.PluginReading]) -> CaseFailure? {
        for (mine, yours) in zip(one, other) {
            let mine = values(mine), yours = values(yours)
            for (name, value) in mine where abs(value - (yours[name] ?? .infinity)) > Self.tolerance * max(1, abs(value)) {
                return CaseFailure(expected: "the same answer about the same input: \(name) \(value)", came: yours[name].map { "\($0)" } ?? "none")
            }
        }
        return nil
    }

    private func values(_ reading: Proto.PluginReading) -> [String: Float] {
        var values: [String: Float] = [:]
        for one in reading.categories { values[one.name] = one.intensity }
        for one in reading.dimensions { values[one.name] = one.value }
        for one in reading.attributes { values[one.name] = one.value }
        return values
    }
}
