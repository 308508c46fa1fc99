/// The models on this machine: `$MIEN_HOME/models/ID/VERSION/`, each folder whole or absent.
///
/// Beside it lie `downloads/` (pulls under way, kept for resuming), `locks/` and `tools/` (private Python environments).
package struct ModelStore: Sendable {
    package let home: String
    package let catalogue: ModelCatalogue
    /// Variables that count above those of the process, for us and for the tools that we run.
    private let environment: [String: String]

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
    }

    /// Every model of the catalogue. Quick: nothing is hashed.
    package func list() -> [Listing] {
        catalogue.models.map { model in
            Listing(model: model, state: state(of: model), partialBytes: FileSystem.treeBytes(staging(model).folder), folder: folder(model))
        }
    }

    /// Path of one file of an installed model. Quick if the file has not changed since it was checked; otherwise it is hashed again,
    /// because copying a store changes times and not contents.
    ///
    /// - Throws: `unknownModel`, `notInstalled`, `damaged`; each says what to do.
    package func path(model id: String, file name: String) throws(ModelStoreError) -> String {
        let model = try catalogue.model(id)
        guard let file = model.files.first(where: { $0.blob.name == name }) else {
            throw ModelStoreError(.unknownModel, "model \(id) has no file \"\(name)\"; it has " + model.files.map(\.blob.name).joined(separator: ", "))
        }
        let folder = folder(model)
        guard FileSystem.facts(folder) != nil else { throw Self.missing(id) }
        if InstalledRecord(in: folder)?.vouches(for: file.blob, in: folder) != true { try check(model) }
        return "\(folder)/\(name)"
    }

    /// Hashes every file of an installed model.
    ///
    /// - Throws: `unknownModel`, `notInstalled`, `damaged` with the digest or size expected and found, `fileSystem`.
    package func verify(_ id: String) throws(ModelStoreError) {
        let model = try catalogue.model(id)
        guard FileSystem.facts(folder(model)) != nil else { throw Self.missing(id) }
        try check(model)
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

    static func missing(_ id: String) -> ModelStoreError { ModelStoreError(.notInstalled, "model \(id) is missing; run: mien models pull \(id)") }

    func folder(_ model: CatalogueModel) -> String { "\(home)/models/\(model.id)/\(model.version)" }

    func staging(_ model: CatalogueModel) -> Staging { Staging(folder: "\(home)/downloads/\(model.id)/\(model.version)") }

    func lock(_ model: CatalogueModel, onWait: () -> Void) async throws(ModelStoreError) -> FileLock {
        try FileSystem.makeDirectories("\(home)/locks")
        return try await FileLock("\(home)/locks/\(model.id).lock", onWait: onWait)
    }

    func state(of model: CatalogueModel) -> State {
        let folder = folder(model)
        guard FileSystem.facts(folder) != nil else { return .absent }
        let record = InstalledRecord(in: folder)
        for file in model.files where record?.vouches(for: file.blob, in: folder) != true {
            return .damaged("\(file.blob.name) is missing or has changed since it was checked; run: mien models verify \(model.id)")
        }
        return .installed
    }

    private func check(_ model: CatalogueModel) throws(ModelStoreError) {
        let folder = folder(model)
        for file in model.files {
            do throws(ModelStoreError) {
                try Staging.check("\(folder)/\(file.blob.name)", is: file.blob)
            } catch {
                throw ModelStoreError(.damaged, "model \(model.id) is damaged: \(error); run: mien models pull --force \(model.id)")
            }
        }
        // A store that this user may only read stays as it is.
        try? InstalledRecord(checked: model, in: folder).write(in: folder)
    }
}
