extension ModelStore {
    /// Takes a model's files from the user: downloaded by hand, or carried over from another machine. Names do not matter, since each file
    /// is known by its digest. Files that are to be converted may be given in either form.
    ///
    /// - Throws: `wrongFile` naming what is not of this model or still missing (right ones are kept, and need not be given again);
    ///   `sourcesFailed` if a conversion fails; `unknownModel`, `diskFull`, `fileSystem`, `cancelled`.
    package func importFiles(_ paths: [String], model id: String, options: PullOptions = PullOptions()) async throws(ModelStoreError) {
        let model = try catalogue.model(id)
        switch model.contents {
        case .files: break
        case .repositories: throw ModelStoreError(.wrongFile, "the files of model \(id) are known by name: mien models import \(id) --folder DIR")
        case .packed: throw ModelStoreError(.wrongFile, "model \(id) is made on this machine: \(advice(model))")
        }
        let lock = try await lock(model) {}
        defer { lock.release() }
        let staging = staging(model)
        try FileSystem.makeDirectories(staging.folder)
        let wanted = model.files.flatMap { Set([$0.blob, $0.downloaded]) }
        for path in paths {
            let digest = try await offPool { () throws(ModelStoreError) in try Digest.file(path) }
            guard let blob = wanted.first(where: { $0.checksum == .sha256(digest) }) else {
                let list = wanted.map { "\($0.name) has \($0.checksum.digits)" }.joined(separator: ", ")
                throw ModelStoreError(.wrongFile, "\(path) is none of the files of model \(id): its SHA-256 is \(digest), but \(list)")
            }
            try await offPool { () throws(ModelStoreError) in
                try FileSystem.copy(path, to: staging.partial(blob))
                try staging.accept(blob)
            }
        }
        var missing: [String] = []
        for file in model.files {
            let present = try await offPool { () throws(ModelStoreError) in
                if try staging.has(file.blob) { return true }
                return try staging.has(file.downloaded)
            }
            if !present { missing.append(file.blob.name) }
        }
        guard missing.isEmpty else { throw ModelStoreError(.wrongFile, "model \(id) needs further files: \(missing.joined(separator: ", "))") }
        for file in model.files { try await Pull(store: self, model: model, file: file, staging: staging, options: options).run() }
        try await install(model, model.files.map(\.blob), from: staging)
    }

    /// Takes the files of a repository model from a folder that has them under the names that they are installed by: FOLDER/NAME. No digest of them is
    /// known beforehand, so they are taken as they are, and only later changes are found. What does not belong to the model stays where it is.
    ///
    /// - Throws: `wrongFile` if something required is not there or the model is of another kind; `unknownModel`, `diskFull`, `fileSystem`, `cancelled`.
    package func importFolder(_ path: String, model id: String, options: PullOptions = PullOptions()) async throws(ModelStoreError) {
        let model = try catalogue.model(id)
        guard case .repositories(let repositories, _) = model.contents else {
            if case .packed = model.contents { throw ModelStoreError(.wrongFile, "model \(id) is made on this machine: \(advice(model))") }
            throw ModelStoreError(.wrongFile, "the files of model \(id) are known by digest: mien models import \(id) PATH")
        }
        let found = try Self.files(of: repositories, in: path, model: id)
        let lock = try await lock(model) {}
        defer { lock.release() }
        let staging = staging(model)
        try FileSystem.makeDirectories(staging.folder)
        let total = found.reduce(0) { $0 + $1.bytes }
        try checkSpace(needed: total + 1 << 20, model)
        var blobs: [Blob] = []
        var done = 0
        for (number, file) in found.enumerated() {
            if Task.isCancelled { throw ModelStoreError(.cancelled, "cancelled") }
            let whole = PullProgress.Whole(file: number + 1, files: found.count, bytes: done, total: total)
            options.onProgress(PullProgress(model: id, file: file.name, phase: .verifying, source: path, bytes: 0, total: file.bytes, whole: whole))
            blobs.append(try await offPool { () throws(ModelStoreError) in
                var blob = Blob(name: file.name, bytes: file.bytes, sha256: "")
                try staging.makeFolder(for: blob)
                try FileSystem.copy("\(path)/\(file.name)", to: staging.finished(blob))
                blob.bytes = FileSystem.facts(staging.finished(blob))?.bytes ?? 0
                blob.checksum = .sha256(try Digest.file(staging.finished(blob)))
                return blob
            })
            done += file.bytes
        }
        try await install(model, blobs, origins: repositories.map { InstalledOrigin(repository: $0.name, commit: nil) }, from: staging)
    }

    private typealias FoundFile = (name: String, bytes: Int)

    private static func files(of repositories: [CatalogueRepository], in path: String, model id: String) throws(ModelStoreError) -> [FoundFile] {
        var found: [FoundFile] = []
        for repository in repositories {
            let folder = "\(path)/\(repository.folder)"
            guard FileSystem.facts(folder)?.isDirectory == true else {
                throw ModelStoreError(.wrongFile, "\(path) has no folder \(repository.folder), which model \(id) needs")
            }
            let names = FileSystem.names(in: folder).filter { repository.owns(installed: "\(repository.folder)/\($0)") }
            if let lack = repository.lack(in: names, namesOnly: true) { throw ModelStoreError(.wrongFile, "\(folder) has \(lack)") }
            for name in names {
                guard let facts = FileSystem.facts("\(folder)/\(name)"), facts.isRegular, facts.bytes > 0 else {
                    throw ModelStoreError(.wrongFile, "\(folder)/\(name) is empty or not a file")
                }
                found.append(("\(repository.folder)/\(name)", facts.bytes))
            }
        }
        return found
    }
}
