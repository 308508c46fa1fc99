import CPluginABI
import MienMessages

// How a plugin says what it sees or hears. What it says is looked at as a whole when it has ended; here, only whether it can be kept at all.

/// Changes what has been said about an item.
private func change(_ answer: OpaquePointer?, _ item: Int, _ function: StaticString, _ body: (inout Proto.PluginReading) throws(Refusal) -> Void) -> mien_status {
    serve(LibraryQuestion.answered(answer), function) { (question) throws(Refusal) in
        try question.change(item) { (reading) throws(Refusal) in try body(&reading) }
    }
}

extension Array {
    /// - Throws: `Refusal` if there are `limit` already.
    fileprivate mutating func add(_ element: Element, limit: Int, _ what: String) throws(Refusal) {
        guard count < limit else { throw .tooMuch("more than \(limit) \(what)") }
        append(element)
    }
}

extension Proto.NativeScale {
    fileprivate init(_ scale: UnsafePointer<mien_scale>?) throws(Refusal) {
        let scale = try UnsafePointer.lent(scale, "scale").pointee
        self.init(minimum: scale.minimum, maximum: scale.maximum, meaning: try PluginText.read(scale.meaning, "scale.meaning"))
    }
}

extension Proto.PluginReading {
    fileprivate mutating func changeCategory(_ name: UnsafePointer<CChar>?, _ body: (inout Proto.CategoryEstimate) throws(Refusal) -> Void) throws(Refusal) {
        let name = try PluginText.read(name, "name")
        guard let index = categories.lastIndex(where: { $0.name == name }) else { throw Refusal(MIEN_NOT_FOUND, "the category \(name) has not been added") }
        try body(&categories[index])
    }
}

extension mien_host {
    mutating func setAnswers() {
        add_category = { answer, item, name, intensity in
            change(answer, item, "add_category") { (reading) throws(Refusal) in
                try reading.categories.add(Proto.CategoryEstimate(name: try PluginText.read(name, "name"), intensity: intensity), limit: 40, "categories")
            }
        }
        set_category_native = { answer, item, name, score, scale in
            change(answer, item, "set_category_native") { (reading) throws(Refusal) in
                let scale = try Proto.NativeScale(scale)
                try reading.changeCategory(name) { (category) throws(Refusal) in (category.nativeScore, category.nativeScale) = (score, scale) }
            }
        }
        set_category_number = { answer, item, name, which, value in
            change(answer, item, "set_category_number") { (reading) throws(Refusal) in
                try reading.changeCategory(name) { (category) throws(Refusal) in
                    switch Int(which) {
                    case MIEN_CALIBRATED_PROBABILITY: category.calibratedProbability = value
                    case MIEN_ABOVE_NEUTRAL: category.aboveNeutral = value
                    case MIEN_RATER_RELIABILITY: category.raterReliability = value
                    default: throw .invalid("there is no number \(which)")
                    }
                }
            }
        }
        add_dimension = { answer, item, name, value in
            change(answer, item, "add_dimension") { (reading) throws(Refusal) in
                try reading.dimensions.add(Proto.DimensionEstimate(name: try PluginText.read(name, "name"), value: value), limit: 3, "dimensions")
            }
        }
        add_attribute = { answer, item, name, value, scale, low, high in
            change(answer, item, "add_attribute") { (reading) throws(Refusal) in
                let attribute = Proto.AttributeEstimate(name: try PluginText.read(name, "name"), value: value, scale: try Proto.NativeScale(scale),
                                                        lowEnd: try PluginText.read(low, "low_end"), highEnd: try PluginText.read(high, "high_end"))
                try reading.attributes.add(attribute, limit: 256, "attributes")
            }
        }
        set_attribute_above_neutral = { answer, item, name, value in
            change(answer, item, "set_attribute_above_neutral") { (reading) throws(Refusal) in
                let name = try PluginText.read(name, "name")
                guard let index = reading.attributes.lastIndex(where: { $0.name == name }) else { throw Refusal(MIEN_NOT_FOUND, "the attribute \(name) has not been added") }
                reading.attributes[index].aboveNeutral = value
            }
        }
        add_native_score = { answer, item, label, score in
            change(answer, item, "add_native_score") { (reading) throws(Refusal) in
                try reading.nativeScores.add(Proto.NativeScore(label: try PluginText.read(label, "label"), score: score), limit: 512, "native scores")
            }
        }
        set_prediction_set = { answer, item, labels, count, coverage in
            change(answer, item, "set_prediction_set") { (reading) throws(Refusal) in
                guard (0...512).contains(count) else { throw .tooMuch("more than 512 labels") }
                var names: [String] = []
                if count > 0 {
                    let labels = try UnsafePointer.lent(labels, "labels")
                    for index in 0..<count { names.append(try PluginText.read(labels[index], "labels[\(index)]")) }
                }
                reading.predictionSet = Proto.PredictionSet(labels: names, coverage: coverage)
            }
        }
        add_warning = { answer, item, reason, message in
            change(answer, item, "add_warning") { (reading) throws(Refusal) in
                let warning = Proto.Warning(reason: try PluginText.read(reason, "reason"), message: try PluginText.read(message, "message"))
                try reading.warnings.add(warning, limit: 16, "warnings")
            }
        }
    }
}
