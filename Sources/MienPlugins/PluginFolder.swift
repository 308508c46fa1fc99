package import MienEstimation
package import MienHost
package import MienManifest
import MienMessages
package import MienWire
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder with a `plugin.json`: a plugin that has been found, and not been started.
package struct PluginFolder: Sendable {
    /// The manifest's name in the folder.
    package static let manifestName = "plugin.json"
    /// Largest file whose digest is checked.
    private static let fileLimit = 64 << 30

    /// Absolute.
    package let path: String
    package let manifest: PluginManifest

    /// Reads the manifest.
    ///
    /// - Throws: `ManifestError`.
    package init(path: String) throws(ManifestError) {
        self.path = path
        manifest = try PluginFile.manifest(Self.manifestName, in: path, limit: PluginManifest.sizeLimit) { try PluginManifest($0, file: $1) }
        try Self.refuseWritableByAll([path, "\(path)/\(Self.manifestName)"])
    }

    /// What everybody may write to, nobody shall run.
    static func refuseWritableByAll(_ items: [String]) throws(ManifestError) {
        for item in items {
            var info = stat()
            guard stat(item, &info) == 0, info.st_mode & S_IWOTH != 0, info.st_mode & S_ISVTX == 0 else { continue }
            throw ManifestError(file: item, "can be written by everybody; run: chmod o-w \(item)")
        }
    }

    /// Checks the files that the manifest lists.
    ///
    /// - Throws: `CallError` `failedPrecondition`.
    package func checkFiles() throws(CallError) {
        for listed in manifest.files {
            do {
                let file = try PluginFile(listed.file, in: path, limit: Self.fileLimit)
                try file.withBytes(sha256: listed.sha256) { _ in }
            } catch {
                throw CallError(.failedPrecondition, "plugin \(manifest.id) cannot be used: \(error)", reason: "PLUGIN_FILE_CHANGED")
            }
        }
    }

    /// How to reach it. Nothing is started before it is asked.
    package func endpoint(isConfined: Bool, log: HostLog) -> any PluginEndpoint {
        switch manifest.kind {
        case .process(let process): ProcessEndpoint(self, process, isConfined: isConfined, log: log)
        case .library(let library): LibraryEndpoint(self, library, log: log)
        }
    }

    /// Its estimators, behind one endpoint.
    package func factories(_ endpoint: any PluginEndpoint) -> [EstimatorFactory] {
        manifest.estimators.map { estimator in
            EstimatorFactory(description: EstimatorDescription(estimator), ownThreads: threads) { models in
                // The models that the host needs for it come first: without them a process would be started in vain.
                let loaded: any Estimator = switch estimator.input {
                case .face(let input): try PluginFaceEstimator(estimator, input, endpoint, models)
                case .voice(let input): try PluginVoiceEstimator(estimator, input, endpoint, models)
                case nil: preconditionFailure("the manifest has been checked")
                }
                try endpoint.warm(Proto.WarmPluginRequest(estimator: estimator.id), EstimationContext())
                return loaded
            }
        }
    }

    /// One more than can be asked at a time: while they compute, the host prepares the next question. How many questions at once a library takes is not known before it
    /// is loaded; those that it does not take wait without work.
    private var threads: Int {
        switch manifest.kind {
        case .process(let process): process.limits.processes + 1
        case .library: 4
        }
    }
}

extension PluginManifest {
    /// Compares what a plugin says of itself with its manifest, which is what callers have been told.
    ///
    /// - Throws: `CallError` `failedPrecondition`.
    func check(_ description: Proto.PluginDescription) throws(CallError) {
        func differ(_ what: String, _ said: String, _ expected: String) -> CallError {
            CallError(.failedPrecondition, "plugin \(id) cannot be used: \(what) is \(said), and \(expected) in its manifest", reason: "PLUGIN_DESCRIPTION_DIFFERS")
        }
        func quoted(_ text: String) -> String { "\"\(text.prefix(80))\"" }
        guard description.id == id else { throw differ("its id", quoted(description.id), quoted(id)) }
        guard description.version == version else { throw differ("its version", quoted(description.version), quoted(version)) }
        let said = description.estimators.map(\.id).sorted(), expected = estimators.map(\.id).sorted()
        guard said == expected else {
            throw differ("the list of its estimators", quoted(said.joined(separator: ", ")), quoted(expected.joined(separator: ", ")))
        }
        for estimator in estimators {
            guard let other = description.estimators.first(where: { $0.id == estimator.id }) else { continue }
            func compare(_ key: String, _ said: String, _ expected: String) throws(CallError) {
                if said != expected { throw differ("\(key) of \(estimator.id)", quoted(said), quoted(expected)) }
            }
            try compare("the version", other.version, estimator.version)
            try compare("categories", other.categories.joined(separator: ", "), estimator.categories.joined(separator: ", "))
            try compare("dimensions", other.dimensions.joined(separator: ", "), estimator.dimensions.joined(separator: ", "))
            try compare("attributes", other.attributes.joined(separator: ", "), estimator.attributes.joined(separator: ", "))
            try compare("native labels", other.nativeLabels.joined(separator: ", "), estimator.nativeLabels.joined(separator: ", "))
            guard other.input == estimator.input else { throw differ("the input of \(estimator.id)", "another", "stated differently") }
        }
    }
}
