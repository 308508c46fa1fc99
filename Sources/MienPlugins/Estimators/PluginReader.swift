package import MienEstimation
package import MienMessages
package import MienWire

/// Reads what a plugin says of a face or a clip. Whatever it sends, nothing gets past here that the estimator's description does not announce, that is not finite
/// or that lies outside its range.
package struct PluginReader: Sendable {
    let estimator: Proto.PluginEstimator
    private let categories: Set<MienEstimation.Category>

    package init(_ estimator: Proto.PluginEstimator) {
        self.estimator = estimator
        categories = Set(estimator.categories.compactMap { Category(matching: $0) })
    }

    /// What a reading comes to.
    package struct Reading {
        package var categories: [CategoryEstimate]
        package var dimensions: [DimensionEstimate]
        package var attributes: [AttributeEstimate]
        package var nativeScores: [NativeScore]
        package var predictionSet: PredictionSet?
        package var warnings: [EstimateWarning]
    }

    /// - Parameter count: Faces or clips that were asked about.
    /// - Throws: `CallError` `internalError`, with what is wrong with the answer.
    package func read(_ answer: Proto.PluginReadings, count: Int) throws(CallError) -> [Reading] {
        guard answer.readings.count == count else { throw failure("it gave \(answer.readings.count) readings where \(count) were asked for") }
        var readings: [Reading] = []
        for (index, reading) in answer.readings.enumerated() { readings.append(try read(reading, "readings[\(index)]")) }
        return readings
    }

    private func read(_ reading: Proto.PluginReading, _ place: String) throws(CallError) -> Reading {
        Reading(categories: try readCategories(reading.categories, place + ".categories"), dimensions: try readDimensions(reading.dimensions, place + ".dimensions"),
                attributes: try readAttributes(reading.attributes, place + ".attributes"), nativeScores: try readNative(reading.nativeScores, place + ".native_scores"),
                predictionSet: try readSet(reading.predictionSet, place + ".prediction_set"), warnings: try readWarnings(reading.warnings, place + ".warnings"))
    }

    private func readCategories(_ given: [Proto.CategoryEstimate], _ place: String) throws(CallError) -> [CategoryEstimate] {
        var result: [CategoryEstimate] = [], seen: Set<MienEstimation.Category> = []
        for one in given {
            guard let category = Category(matching: one.name), categories.contains(category) else {
                throw failure("\(place) has \(shown(one.name)), which its description does not name")
            }
            let place = "\(place)[\(shown(one.name))]"
            guard seen.insert(category).inserted else { throw failure("\(place) is there twice") }
            let intensity = try number(one.intensity, in: 0...1, place + ".intensity")
            var estimate = CategoryEstimate(category: category, intensity: intensity, nativeScore: intensity, nativeScale: Self.intensities)
            if let scale = one.nativeScale {
                estimate.nativeScale = try read(scale, place + ".native_scale")
                estimate.nativeScore = try number(one.nativeScore, place + ".native_score")
            } else if one.nativeScore != 0 {
                throw failure("\(place) has a native_score and no native_scale")
            }
            estimate.calibratedProbability = try optional(one.calibratedProbability, in: 0...1, place + ".calibrated_probability")
            estimate.aboveNeutral = try optional(one.aboveNeutral, place + ".above_neutral")
            estimate.raterReliability = try optional(one.raterReliability, in: -1...1, place + ".rater_reliability")
            result.append(estimate)
        }
        return result.strongestFirst
    }

    private static let intensities = NativeScale(minimum: 0, maximum: 1, meaning: "intensity")

    private func readDimensions(_ given: [Proto.DimensionEstimate], _ place: String) throws(CallError) -> [DimensionEstimate] {
        var result: [DimensionEstimate] = []
        for one in given {
            guard let dimension = Dimension(rawValue: one.name), estimator.dimensions.contains(one.name) else {
                throw failure("\(place) has \(shown(one.name)), which its description does not name")
            }
            guard !result.contains(where: { $0.dimension == dimension }) else { throw failure("\(place) has \(one.name) twice") }
            result.append(DimensionEstimate(dimension: dimension, value: try number(one.value, in: -1...1, "\(place)[\(one.name)]")))
        }
        return result
    }

    private func readAttributes(_ given: [Proto.AttributeEstimate], _ place: String) throws(CallError) -> [AttributeEstimate] {
        var result: [AttributeEstimate] = []
        for one in given {
            guard estimator.attributes.contains(one.name) else { throw failure("\(place) has \(shown(one.name)), which its description does not name") }
            let place = "\(place)[\(shown(one.name))]"
            guard !result.contains(where: { $0.attribute == one.name }) else { throw failure("\(place) is there twice") }
            guard let scale = one.scale else { throw failure("\(place) has no scale") }
            result.append(AttributeEstimate(attribute: one.name, value: try number(one.value, place + ".value"), scale: try read(scale, place + ".scale"),
                                            lowEnd: try text(one.lowEnd, place + ".low_end"), highEnd: try text(one.highEnd, place + ".high_end"),
                                            aboveNeutral: try optional(one.aboveNeutral, place + ".above_neutral")))
        }
        return result
    }

    private func readNative(_ given: [Proto.NativeScore], _ place: String) throws(CallError) -> [NativeScore] {
        guard given.isEmpty || given.map(\.label) == estimator.nativeLabels else {
            throw failure("\(place) are not those of the native labels \(estimator.nativeLabels.joined(separator: ", ")), in their order")
        }
        var result: [NativeScore] = []
        for one in given { result.append(NativeScore(label: one.label, score: try number(one.score, "\(place)[\(shown(one.label))]"))) }
        return result
    }

    private func readSet(_ given: Proto.PredictionSet?, _ place: String) throws(CallError) -> PredictionSet? {
        guard let given else { return nil }
        guard !given.labels.isEmpty, Set(given.labels).count == given.labels.count, Set(given.labels).isSubset(of: estimator.nativeLabels) else {
            throw failure("\(place).labels are not some of its native labels, each once")
        }
        return PredictionSet(labels: given.labels, coverage: try number(given.coverage, in: 0...1, place + ".coverage"))
    }

    private func readWarnings(_ given: [Proto.Warning], _ place: String) throws(CallError) -> [EstimateWarning] {
        guard given.count <= 16 else { throw failure("\(place) are \(given.count); at most 16 are passed on") }
        var result: [EstimateWarning] = []
        for one in given {
            guard (1...64).contains(one.reason.utf8.count), one.reason.utf8.allSatisfy(Self.isReason) else {
                throw failure("\(place) has the reason \(shown(one.reason)), which is not UPPER_SNAKE_CASE")
            }
            result.append(EstimateWarning(reason: one.reason, message: try text(one.message, place + ".message")))
        }
        return result
    }

    private static func isReason(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }

    private func read(_ scale: Proto.NativeScale, _ place: String) throws(CallError) -> NativeScale {
        let minimum = try number(scale.minimum, place + ".minimum"), maximum = try number(scale.maximum, place + ".maximum")
        guard minimum < maximum else { throw failure("\(place) does not rise") }
        return NativeScale(minimum: minimum, maximum: maximum, meaning: try text(scale.meaning, place + ".meaning"))
    }

    private func optional(_ value: Float?, in range: ClosedRange<Float>? = nil, _ place: String) throws(CallError) -> Float? {
        guard let value else { return nil }
        return try number(value, in: range, place)
    }

    private func number(_ value: Float, in range: ClosedRange<Float>? = nil, _ place: String) throws(CallError) -> Float {
        guard value.isFinite else { throw failure("\(place) is \(value)") }
        if let range, !range.contains(value) { throw failure("\(place) is \(value); it must be from \(range.lowerBound) to \(range.upperBound)") }
        return value
    }

    private func text(_ text: String, _ place: String) throws(CallError) -> String {
        guard text.utf8.count <= 500, text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }) else {
            throw failure("\(place) is longer than 500 bytes or has control characters")
        }
        return text
    }

    private func shown(_ text: String) -> String {
        "\"\(String(String.UnicodeScalarView(text.unicodeScalars.prefix(80).map { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) ? "?" : $0 })))\""
    }

    private func failure(_ what: String) -> CallError {
        CallError(.internalError, "estimator \(estimator.id) gave an answer that cannot be right: \(what)", reason: "PLUGIN_ANSWER_INVALID")
    }
}
