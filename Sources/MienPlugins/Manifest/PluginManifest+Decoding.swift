import MienEstimation
package import MienManifest
import MienMessages

extension PluginManifest {
    /// Most bytes of a manifest.
    package static let sizeLimit = 1 << 18

    /// Reads a manifest, strictly: every key known, none left out but those that may be.
    ///
    /// - Parameter file: What to call it in errors.
    /// - Throws: `ManifestError`, naming line and key.
    package init(_ json: some Collection<UInt8>, file: String) throws(ManifestError) {
        self = try ManifestNode.read(json, file: file, limit: Self.sizeLimit, keys: Key.shape.names) { (root) throws(ManifestError) in try Self(root) }
    }

    private init(_ root: ManifestNode) throws(ManifestError) {
        id = try root(Key.id)
        version = try root(Key.version)
        summary = try root(Key.summary)
        licence = try root(Key.licence)
        attribution = try root(Key.attribution)
        switch try root(Key.kind) {
        case .process: kind = .process(try Process(root))
        case .library: kind = .library(try Library(root))
        }
        files = []
        for node in try root(Key.files) { files.append(File(file: try node(File.Key.file), sha256: try node(File.Key.sha256))) }
        estimators = []
        for node in try root(Key.estimators) {
            let estimator = try Estimator(node, of: self)
            if estimators.contains(where: { $0.id == estimator.id }) { throw node.failure("id", "is \(estimator.id), as that of another estimator is") }
            estimators.append(estimator)
        }
    }
}

extension PluginManifest.Process {
    fileprivate init(_ root: ManifestNode) throws(ManifestError) {
        if root.has(PluginManifest.Library.Key.abi.name) { throw root.failure("abi", "belongs to plugins of the kind library") }
        entry = try root(Key.entry)
        try root(Key.protocol)
        environment = try root(Key.environment)
        limits = PluginManifest.Limits()
        if let node = try root(Key.limits) {
            limits.processes = try node(PluginManifest.Limits.Key.processes)
            limits.memory = try node(PluginManifest.Limits.Key.memory)
            limits.start = try node(PluginManifest.Limits.Key.start)
            limits.call = try node(PluginManifest.Limits.Key.call)
        }
        restart = PluginManifest.Restart()
        if let node = try root(Key.restart) {
            restart.attempts = try node(PluginManifest.Restart.Key.attempts)
            restart.window = try node(PluginManifest.Restart.Key.window)
        }
    }
}

extension PluginManifest.Library {
    fileprivate init(_ root: ManifestNode) throws(ManifestError) {
        for key in PluginManifest.Process.Key.own where root.has(key.name) {
            throw root.failure(key.name, "belongs to plugins of the kind process; a library lives in the host's own")
        }
        file = try root(Key.entry)[0]
        try root(Key.abi)
    }
}

extension Proto.PluginEstimator {
    fileprivate init(_ node: ManifestNode, of plugin: PluginManifest) throws(ManifestError) {
        self.init()
        id = try node(Key.id)
        version = try node(Key.version) ?? plugin.version
        summary = try node(Key.summary) ?? plugin.summary
        categories = try node(Key.categories)
        for (index, name) in categories.enumerated() {
            guard let category = Category(matching: name) else {
                let hint = Category.explaining(name).map(\.name)
                throw node.failure("categories[\(index)]", "is \(shown(name)), which is none of EmoNet's 40 categories"
                                   + (hint.isEmpty ? "" : "; it is a word for \(hint.joined(separator: " and for "))"))
            }
            if categories[..<index].contains(category.name) { throw node.failure("categories", "has \(shown(category.name)) twice") }
            categories[index] = category.name
        }
        dimensions = try node(Key.dimensions)
        attributes = try node(Key.attributes)
        nativeLabels = try node(Key.nativeLabels)
        if categories.isEmpty, dimensions.isEmpty, attributes.isEmpty {
            throw node.failure("categories", "are none, and there are no dimensions and no attributes either")
        }
        minimumReliability = try node(Key.minimumReliability).map { Float($0) }
        usesNeutral = try node(Key.usesNeutral)
        switch (try node(Key.face), try node(Key.voice)) {
        case (let face?, nil): input = .face(try Proto.FaceInput(face))
        case (nil, let voice?): input = .voice(try Proto.VoiceInput(voice))
        default: throw node.failure("", "must have either face or voice")
        }
        batch = UInt32(try node(Key.batch))
        precision = try node(Key.precision) ?? ""
        licence = try node(Key.licence) ?? plugin.licence
        attribution = try node(Key.attribution) ?? plugin.attribution
        memoryBytes = UInt64(try node(Key.memory)) * 1_000_000
        costMs = try node(Key.cost).map { Float($0) }
        skill = try node(Key.skill).map { Float($0) }
        online = try node(Key.online)
    }
}

extension Proto.FaceInput {
    fileprivate init(_ node: ManifestNode) throws(ManifestError) {
        self.init()
        width = UInt32(try node(Key.width))
        height = UInt32(try node(Key.height))
        format = try node(Key.pixels) == .rgb ? .rgb8 : .gray8
        switch try node(Key.crop) {
        case .box:
            crop = .box
            margin = Float(try node(Key.margin) ?? 0)
            square = try node(Key.square)
        case .aligned:
            crop = .aligned
            for key in Key.ofBoxes where node.has(key.name) { throw node.failure(key.name, "belongs to the crop box only") }
        }
    }
}

extension Proto.VoiceInput {
    fileprivate init(_ node: ManifestNode) throws(ManifestError) {
        self.init()
        do throws(ManifestError) { rate = UInt32(try node(Key.rate)) } catch { throw node.failure("rate", "is not 16000; the host gives sound at 16000 Hz") }
        maximumSeconds = Float(try node(Key.maximumSeconds) ?? 30)
    }
}
