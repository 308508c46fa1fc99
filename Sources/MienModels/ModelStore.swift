/// The models on this machine: `$MIEN_HOME/models/ID/VERSION/`, each folder whole or absent.
///
/// Beside it lie `downloads/` (pulls under way, kept for resuming), `locks/` and `tools/` (private Python environments).
package struct ModelStore: Sendable {
    package let home: String
    package let catalogue: ModelCatalogue
    /// Variables that count above those of the process, for us and for the tools that we run.
    let environment: [String: String]

    package init(home: String, catalogue: ModelCatalogue, environment: [String: String] = [:]) {
        self.home = home
        self.catalogue = catalogue
        self.environment = environment
    }

    func variable(_ name: String) -> String? { environment[name] ?? FileSystem.environment(name) }

    /// `MIEN_PYTHON`, or `python3` from the path.
    var python: Python { Python(interpreter: variable("MIEN_PYTHON") ?? "python3", environment: environment) }

    /// `$MIEN_HOME`, else `$XDG_DATA_HOME/mien`, else `~/.local/share/mien`.
    ///
    /// - Throws: `fileSystem` if none of the variables is set to an absolute path.
    package static func defaultHome() throws(ModelStoreError) -> String {
        let candidates = [("MIEN_HOME", ""), ("XDG_DATA_HOME", "/mien"), ("HOME", "/.local/share/mien")]
        for (name, rest) in candidates {
            guard let value = FileSystem.environment(name) else { continue }
            // The specification of XDG says to ignore relative paths; for our own variable one is a mistake to tell.
            guard value.hasPrefix("/") else {
                if name == "MIEN_HOME" { throw ModelStoreError(.fileSystem, "MIEN_HOME is \"\(value)\", which is not an absolute path") }
                continue
            }
            var folder = value
            while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
            return folder + rest
        }
        throw ModelStoreError(.fileSystem, "no place for models: set MIEN_HOME or HOME")
    }

    package enum State: Sendable, Equatable {
        case absent
        case installed
        /// What is wrong.
        case damaged(String)
    }

    package struct Listing: Sendable {
        package var model: CatalogueModel
        package var state: State
        /// Bytes of a pull that was begun.
        package var partialBytes: Int
        /// Where it is or would be.
        package var folder: String
        /// Size in bytes: as installed, else as the catalogue says. `nil` for what is not packed yet.
        package var bytes: Int?
        /// The size is the catalogue's guess, since the hub states the real one.
        package var isApproximate: Bool
        /// The commits that repositories are installed at.
        package var origins: [InstalledOrigin]
        /// What to run to install it.
        package var advice: String
    }

    /// Every model of the catalogue. Quick: nothing is hashed.
    package func list() -> [Listing] {
        catalogue.models.map { model in
            let record = InstalledRecord(in: folder(model))
            let installed = record.map { $0.files.reduce(0) { $0.addingReportingOverflow($1.bytes).partialValue } }
            var isApproximate = false
            if installed == nil, case .repositories = model.contents { isApproximate = true }
            return Listing(model: model, state: state(of: model), partialBytes: FileSystem.treeBytes(staging(model).folder), folder: folder(model),
                           bytes: installed ?? model.totalBytes, isApproximate: isApproximate, origins: record?.origins ?? [], advice: advice(model))
        }
    }

    /// A file of an installed model.
    package struct InstalledFile: Sendable, Equatable {
        /// As the model calls it: a file name, or FOLDER/NAME.
        package var name: String
        package var path: String
        package var bytes: Int
    }

    /// All files of an installed model, by name. Quick for those that have not changed since they were checked; others are hashed again.
    ///
    /// - Throws: `unknownModel`, `notInstalled`, `damaged`; each says what to do.
    package func files(of id: String) throws(ModelStoreError) -> [InstalledFile] {
        let model = try catalogue.model(id)
        let folder = folder(model)
        guard FileSystem.facts(folder) != nil else { throw missing(model) }
        return try check(model, all: false).map { InstalledFile(name: $0.name, path: "\(folder)/\($0.name)", bytes: $0.bytes) }.sorted { $0.name < $1.name }
    }

    /// Path of one file of an installed model. Quick if the file has not changed since it was checked; otherwise it is hashed again,
    /// because copying a store changes times and not contents.
    ///
    /// - Throws: `unknownModel`, `notInstalled`, `damaged`; each says what to do.
    package func path(model id: String, file name: String) throws(ModelStoreError) -> String {
        let model = try catalogue.model(id)
        let folder = folder(model)
        let isThere = FileSystem.facts(folder) != nil
        let record = InstalledRecord(in: folder)
        let blobs = isThere ? try blobs(of: model, record) : model.files.map(\.blob)
        guard isThere || !blobs.isEmpty else { throw missing(model) }
        guard let blob = blobs.first(where: { $0.name == name }) else {
            throw ModelStoreError(.unknownModel, "model \(id) has no file \(quoted(name)); it has " + blobs.map(\.name).joined(separator: ", "))
        }
        guard isThere else { throw missing(model) }
        if record?.vouches(for: blob, in: folder) != true { try check(model, all: false) }
        return "\(folder)/\(name)"
    }

    /// Hashes every file of an installed model.
    ///
    /// - Throws: `unknownModel`, `notInstalled`, `damaged` with the digest or size expected and found, `fileSystem`.
    package func verify(_ id: String) throws(ModelStoreError) {
        let model = try catalogue.model(id)
        guard FileSystem.facts(folder(model)) != nil else { throw missing(model) }
        try check(model, all: true)
    }

    /// Removes a model in all its versions, and what is left of pulls. Returns whether there was anything.
    ///
    /// - Throws: `unknownModel`, `fileSystem`, `cancelled`.
    @discardableResult
    package func remove(_ id: String) async throws(ModelStoreError) -> Bool {
        let model = try catalogue.model(id)
        let places = ["\(home)/models/\(model.id)", "\(home)/downloads/\(model.id)"].filter { FileSystem.facts($0) != nil }
        if places.isEmpty { return false }
        let lock = try await lock(model) {}
        defer { lock.release() }
        for place in places { try FileSystem.remove(place) }
        return true
    }

    func folder(_ model: CatalogueModel) -> String { "\(home)/models/\(model.id)/\(model.version)" }

    func staging(_ model: CatalogueModel) -> Staging { Staging(folder: "\(home)/downloads/\(model.id)/\(model.version)") }

    func lock(_ model: CatalogueModel, onWait: () -> Void) async throws(ModelStoreError) -> FileLock {
        try FileSystem.makeDirectories("\(home)/locks")
        return try await FileLock("\(home)/locks/\(model.id).lock", onWait: onWait)
    }
}
