import MienEstimation
import MienJSON
package import MienManifest
import MienMessages

// The schema of `plugin.json`, strict: every key known, none but those with a question mark left out.
//
//   { "schema": 1, "id", "version", "summary", "licence", "attribution", PROCESS or LIBRARY, "files"?: [ FILE, ... ], "estimators": [ ESTIMATOR, ... ] }
//
//   PROCESS    "kind": "process", "entry": [ PROGRAM, ARGUMENT, ... ], "protocol"?: [ 1, 1 ], "environment"?: [ NAME, ... ], "limits"?: LIMITS, "restart"?: RESTART
//   LIBRARY    "kind": "library", "entry": [ "libNAME.so" ], "abi"?: [ 1, 1 ]
//   FILE       { "file", "sha256" }
//   LIMITS     { "processes"?, "memory_mb"?, "start_seconds"?, "call_seconds"? }
//   RESTART    { "attempts"?, "seconds"? }
//   ESTIMATOR  { "id", "version"?, "summary"?, "categories", "dimensions"?, "attributes"?, "native_labels"?, "minimum_reliability"?, "uses_neutral"?,
//                "face": FACE or "voice": VOICE, "batch"?, "precision"?, "licence"?, "attribution"?, "memory_mb"?, "cost_ms"?, "skill"?, "online"? }
//   FACE       { "width", "height", "pixels": "rgb" | "grey", "crop": "box" | "aligned", "margin"?, "square"? }
//   VOICE      { "rate"?, "maximum_seconds"? }

extension PluginManifest {
    /// Most bytes of a manifest.
    package static let sizeLimit = 1 << 18

    /// Reads a manifest.
    ///
    /// - Parameter file: What to call it in errors.
    /// - Throws: `ManifestError`, naming line and key.
    package init(_ json: some Collection<UInt8>, file: String) throws(ManifestError) {
        self = try ManifestNode.read(json, file: file, limit: Self.sizeLimit, keys: [
            "id", "version", "summary", "licence", "attribution", "kind", "entry", "protocol", "abi", "files", "environment", "limits", "restart",
            "estimators",
        ]) { (root) throws(ManifestError) in try Self(root, file) }
    }

    private init(_ root: ManifestNode, _ file: String) throws(ManifestError) {
        id = try root.string("id", .id)
        version = try root.string("version", .version)
        summary = try root.string("summary", .text)
        licence = try root.string("licence", .text)
        attribution = try root.string("attribution", .text)
        switch try root.choice("kind", of: KindName.self) {
        case .process: kind = .process(try Process(root))
        case .library: kind = .library(try Library(root))
        }
        files = []
        if root.has("files") {
            for (value, path) in try root.array("files", count: 0...1024) {
                let node = try ManifestNode(value, at: path, of: file, keys: ["file", "sha256"])
                files.append(File(file: try node.string("file", .file), sha256: try node.string("sha256", .sha256)))
            }
        }
        estimators = []
        for (value, path) in try root.array("estimators", count: 1...64) {
            let node = try ManifestNode(value, at: path, of: file, keys: Estimator.keys)
            estimators.append(try Estimator(node, of: self))
            let id = estimators.last!.id
            if estimators.dropLast().contains(where: { $0.id == id }) { throw node.failure("id", "is \(id), as that of another estimator is") }
        }
    }

    private enum KindName: String, CaseIterable { case process, library }
}

extension PluginManifest.Process {
    init(_ root: ManifestNode) throws(ManifestError) {
        if root.has("abi") { throw root.failure("abi", "belongs to plugins of the kind library") }
        entry = try root.strings("entry", .argument, count: 1...64)
        try root.refuseOtherVersions("protocol")
        environment = root.has("environment") ? try root.strings("environment", .variable, count: 0...64) : []
        limits = PluginManifest.Limits()
        if root.has("limits") {
            let node = try root.node("limits", keys: ["processes", "memory_mb", "start_seconds", "call_seconds"])
            if node.has("processes") { limits.processes = try node.integer("processes", in: 1...64) }
            if node.has("memory_mb") { limits.memory = try node.integer("memory_mb", in: 16...1_000_000) }
            if node.has("start_seconds") { limits.start = try node.integer("start_seconds", in: 1...600) }
            if node.has("call_seconds") { limits.call = try node.integer("call_seconds", in: 1...3600) }
        }
        restart = PluginManifest.Restart()
        if root.has("restart") {
            let node = try root.node("restart", keys: ["attempts", "seconds"])
            if node.has("attempts") { restart.attempts = try node.integer("attempts", in: 0...1000) }
            if node.has("seconds") { restart.window = try node.integer("seconds", in: 1...86_400) }
        }
    }
}

extension PluginManifest.Library {
    init(_ root: ManifestNode) throws(ManifestError) {
        for key in ["protocol", "environment", "limits", "restart"] where root.has(key) {
            throw root.failure(key, "belongs to plugins of the kind process; a library lives in the host's own")
        }
        file = try root.strings("entry", .library, count: 1...1)[0]
        try root.refuseOtherVersions("abi")
    }
}

extension Proto.PluginEstimator {
    static let keys = [
        "id", "version", "summary", "categories", "dimensions", "attributes", "native_labels", "minimum_reliability", "uses_neutral", "face", "voice", "batch",
        "precision", "licence", "attribution", "memory_mb", "cost_ms", "skill", "online",
    ]

    init(_ node: ManifestNode, of plugin: PluginManifest) throws(ManifestError) {
        self.init()
        id = try node.string("id", .id)
        version = try node.optionalString("version", .version) ?? plugin.version
        summary = try node.optionalString("summary", .text) ?? plugin.summary
        categories = try node.strings("categories", .label, count: 0...40)
        for (index, name) in categories.enumerated() {
            guard let category = Category(matching: name) else {
                let hint = Category.explaining(name).map(\.name)
                throw node.failure("categories[\(index)]", "is \(shown(name)), which is none of EmoNet's 40 categories"
                                   + (hint.isEmpty ? "" : "; it is a word for \(hint.joined(separator: " and for "))"))
            }
            categories[index] = category.name
        }
        try node.refuseRepetition("categories", categories)
        dimensions = try node.optionalStrings("dimensions", .label, count: 0...3)
        if let unknown = dimensions.first(where: { Dimension(rawValue: $0) == nil }) {
            throw node.failure("dimensions", "has \(shown(unknown)); known are \(Dimension.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try node.refuseRepetition("dimensions", dimensions)
        attributes = try node.optionalStrings("attributes", .label, count: 0...256)
        try node.refuseRepetition("attributes", attributes)
        nativeLabels = try node.optionalStrings("native_labels", .label, count: 0...512)
        try node.refuseRepetition("native_labels", nativeLabels)
        if categories.isEmpty, dimensions.isEmpty, attributes.isEmpty {
            throw node.failure("categories", "are none, and there are no dimensions and no attributes either")
        }
        if node.has("minimum_reliability") { minimumReliability = Float(try node.number("minimum_reliability", in: -1...1)) }
        if node.has("uses_neutral") { usesNeutral = try node.bool("uses_neutral") }
        guard node.has("face") != node.has("voice") else { throw node.failure("", "must have either face or voice") }
        if node.has("face") {
            input = .face(try Proto.FaceInput(try node.node("face", keys: ["width", "height", "pixels", "crop", "margin", "square"])))
        } else {
            input = .voice(try Proto.VoiceInput(try node.node("voice", keys: ["rate", "maximum_seconds"])))
        }
        batch = UInt32(node.has("batch") ? try node.integer("batch", in: 1...1024) : 1)
        precision = try node.optionalString("precision", .label) ?? ""
        licence = try node.optionalString("licence", .text) ?? plugin.licence
        attribution = try node.optionalString("attribution", .text) ?? plugin.attribution
        if node.has("memory_mb") { memoryBytes = UInt64(try node.integer("memory_mb", in: 0...1_000_000)) * 1_000_000 }
        if node.has("cost_ms") { costMs = Float(try node.number("cost_ms", in: 0...1e6)) }
        if node.has("skill") { skill = Float(try node.number("skill", in: -1...1)) }
        if node.has("online") { online = try node.bool("online") }
    }
}

extension Proto.FaceInput {
    private enum Pixels: String, CaseIterable { case rgb, grey }
    private enum Crop: String, CaseIterable { case box, aligned }

    init(_ node: ManifestNode) throws(ManifestError) {
        self.init()
        width = UInt32(try node.integer("width", in: 8...1024))
        height = UInt32(try node.integer("height", in: 8...1024))
        format = try node.choice("pixels", of: Pixels.self) == .rgb ? .rgb8 : .gray8
        switch try node.choice("crop", of: Crop.self) {
        case .box:
            crop = .box
            if node.has("margin") { margin = Float(try node.number("margin", in: -0.4...1)) }
            if node.has("square") { square = try node.bool("square") }
        case .aligned:
            crop = .aligned
            for key in ["margin", "square"] where node.has(key) { throw node.failure(key, "belongs to the crop box only") }
        }
    }
}

extension Proto.VoiceInput {
    init(_ node: ManifestNode) throws(ManifestError) {
        self.init()
        rate = 16_000
        if node.has("rate") {
            let wanted = try node.integer("rate", in: 1...1_000_000)
            guard wanted == 16_000 else { throw node.failure("rate", "is \(wanted), and the host gives sound at 16000 Hz") }
        }
        maximumSeconds = node.has("maximum_seconds") ? Float(try node.number("maximum_seconds", in: 1...600)) : 30
    }
}

extension ManifestNode {
    /// A range of versions, if there is one, has to hold version 1, the only one so far of both the protocol and the ABI.
    fileprivate func refuseOtherVersions(_ key: String) throws(ManifestError) {
        guard has(key) else { return }
        let range = try numbers(key, count: 2, in: 1...1e6)
        guard range[0] <= 1, range[1] >= 1 else { throw failure(key, "is from \(Int(range[0])) to \(Int(range[1])), and this build speaks version 1") }
    }

    fileprivate func strings(_ key: String, _ rule: TextRule, count: ClosedRange<Int>) throws(ManifestError) -> [String] {
        var strings: [String] = []
        for (value, _) in try array(key, count: count) {
            let place = "\(key)[\(strings.count)]"
            guard let string = value.string else { throw failure(place, "is \(value.kind) where a string belongs") }
            guard rule.allows(string) else { throw failure(place, "is \(shown(string)), which is not \(rule.meaning)") }
            strings.append(string)
        }
        return strings
    }

    fileprivate func optionalStrings(_ key: String, _ rule: TextRule, count: ClosedRange<Int>) throws(ManifestError) -> [String] {
        has(key) ? try strings(key, rule, count: count) : []
    }

    fileprivate func refuseRepetition(_ key: String, _ strings: [String]) throws(ManifestError) {
        var seen: Set<String> = []
        if let twice = strings.first(where: { !seen.insert($0).inserted }) { throw failure(key, "has \(shown(twice)) twice") }
    }
}
