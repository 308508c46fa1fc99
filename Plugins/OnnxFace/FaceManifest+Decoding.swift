import MienEstimation
import MienJSON
package import MienManifest

// The schema of `face.json`, strict: every key known, none but those with a question mark left out.
//
//   { "schema": 1, "id", "version", "summary", "licence", "attribution", "model": MODEL, "input": INPUT, "crop": CROP, "outputs": [ OUTPUT, ... ] }
//
//   MODEL   { "file", "sha256" }
//   INPUT   { "height", "width", "colour": "rgb" | "bgr" | "grey", "resize": "bilinear" | "antialiased", "scale", "mean": [ ... ], "std": [ ... ] }
//   CROP    { "kind": "box", "square", "margin" } | { "kind": "aligned" }
//   OUTPUT  { "name"?, "activation": "softmax" | "sigmoid" | "none", "range": [ low, high ] (with "none" alone), "values": [ VALUE, ... ] }
//   VALUE   { "label", "category": name or null } | { "dimension": "valence" | "arousal" | "dominance", "range": [ low, high ] }

extension FaceManifest {
    /// Most bytes of a manifest.
    package static let sizeLimit = 1 << 18
    /// Longest side of the input, in pixels.
    static let sideLimit = 1024
    static let outputLimit = 16
    /// Numbers of one output.
    static let valueLimit = 512

    /// Reads a manifest.
    ///
    /// - Parameter file: What to call it in errors.
    /// - Throws: `ManifestError`, naming the key.
    package init(_ json: some Collection<UInt8>, file: String) throws(ManifestError) {
        self = try ManifestNode.read(json, file: file, limit: Self.sizeLimit, keys: [
            "schema", "id", "version", "summary", "licence", "attribution", "model", "input", "crop", "outputs",
        ]) { (root) throws(ManifestError) in try Self(root, file) }
    }

    private init(_ root: ManifestNode, _ file: String) throws(ManifestError) {
        id = try root.string("id", .id)
        version = try root.string("version", .version)
        summary = try root.string("summary", .text)
        licence = try root.string("licence", .text)
        attribution = try root.string("attribution", .text)
        model = try Model(try root.node("model", keys: ["file", "sha256"]))
        input = try Input(try root.node("input", keys: ["height", "width", "colour", "resize", "scale", "mean", "std"]))
        crop = try Crop(try root.node("crop", keys: ["kind", "square", "margin"]))
        outputs = []
        for (value, path) in try root.array("outputs", count: 1...Self.outputLimit) {
            outputs.append(try Output(try ManifestNode(value, at: path, of: file, keys: ["name", "activation", "range", "values"]), path, file))
        }
        try check(root)
    }

    /// What no part can see by itself.
    private func check(_ root: ManifestNode) throws(ManifestError) {
        if outputs.count > 1, outputs.contains(where: { $0.name == nil }) {
            throw root.failure("outputs", "are several, so that each needs a name")
        }
        if let name = Self.repeated(outputs.compactMap(\.name)) { throw root.failure("outputs", "have the name \(shown(name)) twice") }
        if let label = Self.repeated(nativeLabels) { throw root.failure("outputs", "have \(shown(label)) twice") }
        if let category = Self.repeated(categories) { throw root.failure("outputs", "map two labels to \(category)") }
        if categories.isEmpty, dimensions.isEmpty { throw root.failure("outputs", "have neither a category nor a dimension") }
    }

    private static func repeated<Element: Hashable>(_ elements: [Element]) -> Element? {
        var seen: Set<Element> = []
        return elements.first { !seen.insert($0).inserted }
    }
}

extension FaceManifest.Model {
    init(_ node: ManifestNode) throws(ManifestError) {
        file = try node.string("file", .file)
        sha256 = try node.string("sha256", .sha256)
    }
}

extension FaceManifest.Input {
    init(_ node: ManifestNode) throws(ManifestError) {
        height = try node.integer("height", in: 8...FaceManifest.sideLimit)
        width = try node.integer("width", in: 8...FaceManifest.sideLimit)
        colour = try node.choice("colour")
        resize = try node.choice("resize")
        scale = try node.number("scale", in: 1e-6...1e6)
        mean = try node.numbers("mean", count: colour.channels, in: -1e6...1e6)
        std = try node.numbers("std", count: colour.channels, in: 1e-6...1e6)
    }
}

extension FaceManifest.Crop {
    private enum Kind: String, CaseIterable { case box, aligned }

    init(_ node: ManifestNode) throws(ManifestError) {
        switch try node.choice("kind", of: Kind.self) {
        case .box:
            self = .box(isSquare: try node.bool("square"), margin: Float(try node.number("margin", in: -0.4...1)))
        case .aligned:
            for key in ["square", "margin"] where node.has(key) { throw node.failure(key, "belongs to the kind box only") }
            self = .aligned
        }
    }
}

extension FaceManifest.Output {
    init(_ node: ManifestNode, _ path: String, _ file: String) throws(ManifestError) {
        name = try node.optionalString("name", .tensor)
        activation = try node.choice("activation")
        values = []
        for (value, path) in try node.array("values", count: 1...FaceManifest.valueLimit) {
            values.append(try FaceManifest.Value(try ManifestNode(value, at: path, of: file, keys: ["label", "category", "dimension", "range"])))
        }
        let hasLabels = values.contains { if case .label = $0 { true } else { false } }
        if activation == .none, hasLabels {
            scale = try node.range("range", of: "score of the network")
        } else {
            if node.has("range") { throw node.failure("range", "is for labels without an activation; softmax and sigmoid give 0 to 1") }
            scale = NativeScale(minimum: 0, maximum: 1, meaning: "\(activation.rawValue) probability")
        }
    }
}

extension FaceManifest.Value {
    init(_ node: ManifestNode) throws(ManifestError) {
        guard node.has("label") != node.has("dimension") else { throw node.failure("", "must have either a label or a dimension") }
        if node.has("label") {
            if node.has("range") { throw node.failure("range", "belongs to dimensions; that of labels is the output's") }
            let label = try node.string("label", .label)
            guard let spelling = try node.stringOrNull("category", .label) else {
                self = .label(label, nil)
                return
            }
            guard let category = Category(matching: spelling) else {
                let hint = Category.explaining(spelling).map(\.name)
                throw node.failure("category", "is \(shown(spelling)), which is none of EmoNet's 40 categories"
                                   + (hint.isEmpty ? "; null stands for none" : "; it is a word for \(hint.joined(separator: " and for "))"))
            }
            self = .label(label, category)
        } else {
            if node.has("category") { throw node.failure("category", "belongs to labels") }
            self = .dimension(try node.choice("dimension"), try node.range("range", of: "dimension as the network gives it"))
        }
    }
}

extension ManifestNode {
    /// Two numbers, the first the smaller.
    fileprivate func range(_ key: String, of meaning: String) throws(ManifestError) -> NativeScale {
        let ends = try numbers(key, count: 2, in: -1e6...1e6).map(Float.init)
        guard ends[0] < ends[1] else { throw failure(key, "does not rise") }
        return NativeScale(minimum: ends[0], maximum: ends[1], meaning: meaning)
    }
}
