import MienEstimation
import MienMessages

/// Looks at what a plugin says of itself, one aspect at a time.
struct DescriptionCheck {
    private let description: Proto.PluginDescription

    init(_ description: Proto.PluginDescription) { self.description = description }

    func failure(_ aspect: DescriptionAspect) -> CaseFailure? {
        switch aspect {
        case .complete: complete()
        case .ids: ids()
        case .names: description.estimators.lazy.compactMap { names($0) }.first
        case .inputs: description.estimators.lazy.compactMap { input($0) }.first
        case .steady: nil
        }
    }

    private func complete() -> CaseFailure? {
        if description.version.isEmpty { return CaseFailure(expected: "a version of the plugin", came: "none") }
        if description.estimators.isEmpty { return CaseFailure(expected: "at least one estimator", came: "none") }
        for one in description.estimators {
            if one.version.isEmpty || one.summary.isEmpty { return CaseFailure(expected: "a version and a summary of \(one.id)", came: "\"\(one.version)\" and \"\(one.summary)\"") }
            if one.categories.isEmpty, one.dimensions.isEmpty, one.attributes.isEmpty {
                return CaseFailure(expected: "something that \(one.id) can speak about", came: "neither categories nor dimensions nor attributes")
            }
        }
        return nil
    }

    private func ids() -> CaseFailure? {
        var seen: Set<String> = []
        for id in [description.id] + description.estimators.map(\.id) where !isKebab(id) { return CaseFailure(expected: "ids in kebab-case", came: "\"\(id.prefix(80))\"") }
        for one in description.estimators where !seen.insert(one.id).inserted { return CaseFailure(expected: "each estimator once", came: "\(one.id) twice") }
        return nil
    }

    private func names(_ one: Proto.PluginEstimator) -> CaseFailure? {
        for name in one.categories where Category(matching: name)?.name != name {
            let hint = Category(matching: name).map { ", which is spelt \"\($0.name)\"" } ?? ""
            return CaseFailure(expected: "canonical names of EmoNet's categories from \(one.id)", came: "\"\(name.prefix(80))\"\(hint)")
        }
        for name in one.dimensions where Dimension(rawValue: name) == nil {
            return CaseFailure(expected: "dimensions among \(Dimension.allCases.map(\.rawValue).joined(separator: ", "))", came: "\"\(name.prefix(80))\"")
        }
        for (kind, names) in [("categories", one.categories), ("dimensions", one.dimensions), ("attributes", one.attributes), ("native labels", one.nativeLabels)] {
            if names.contains("") { return CaseFailure(expected: "\(kind) of \(one.id) with names", came: "an empty one") }
            if Set(names).count != names.count { return CaseFailure(expected: "\(kind) of \(one.id) each once", came: names.joined(separator: ", ")) }
        }
        return nil
    }

    private func input(_ one: Proto.PluginEstimator) -> CaseFailure? {
        func outside(_ what: String, _ range: String, _ value: some CustomStringConvertible) -> CaseFailure {
            CaseFailure(expected: "\(what) of \(one.id) \(range)", came: value.description)
        }
        if one.batch > 1024 { return outside("a batch", "up to 1024", one.batch) }
        if let least = one.minimumReliability, !(-1...1 ~= least) { return outside("a minimum reliability", "in -1..1", least) }
        switch one.input {
        case nil: return CaseFailure(expected: "an input of \(one.id), face or voice", came: "none")
        case .face(let face):
            for size in [face.width, face.height] where !(8...1024 ~= size) { return outside("a width and height", "in 8..1024", size) }
            guard [.rgb8, .gray8].contains(face.format) else { return outside("pixels", "in RGB8 or GRAY8", "\(face.format)") }
            guard [.box, .aligned].contains(face.crop) else { return outside("a crop", "that is BOX or ALIGNED", "\(face.crop)") }
            if !(-0.4...1 ~= face.margin) { return outside("a margin", "in -0.4..1", face.margin) }
        case .voice(let voice):
            if voice.rate != 0, voice.rate != 16_000 { return outside("a rate", "of 16000 Hz, as the host gives it", voice.rate) }
            if voice.maximumSeconds != 0, !(1...600 ~= voice.maximumSeconds) { return outside("longest clips", "of 1..600 s", voice.maximumSeconds) }
        }
        return nil
    }
}
