extension ModelStore {
    package enum PullResult: Sendable, Equatable {
        case pulled
        case alreadyInstalled
    }

    /// Brings a model into the store. Goes on where an earlier pull stopped, and waits for one that runs in another process.
    /// The model appears at once and whole, or not at all.
    ///
    /// - Throws: `unknownModel`; `sourcesFailed` with every source's reason; `diskFull`, `fileSystem`, `cancelled`.
    @discardableResult
    package func pull(_ id: String, options: PullOptions = PullOptions()) async throws(ModelStoreError) -> PullResult {
        let model = try catalogue.model(id)
        let options = options
        let lock = try await lock(model) {
            options.onProgress(PullProgress(model: id, file: "", phase: .waiting, source: "another mien", bytes: 0, total: 0))
        }
        defer { lock.release() }
        if !options.force, state(of: model) == .installed { return .alreadyInstalled }
        let staging = staging(model)
        try FileSystem.makeDirectories(staging.folder)
        try checkSpace(for: model)
        for file in model.files {
            if Task.isCancelled { throw ModelStoreError(.cancelled, "cancelled") }
            try await Pull(store: self, model: model, file: file, staging: staging, options: options).run()
        }
        try install(model, from: staging)
        return .pulled
    }

    /// Takes a model's files from the user: downloaded by hand, or carried over from another machine. Names do not matter, since each file
    /// is known by its digest. Files that are to be converted may be given in either form.
    ///
    /// - Throws: `wrongFile` naming what is not of this model or still missing (right ones are kept, and need not be given again);
    ///   `sourcesFailed` if a conversion fails; `unknownModel`, `diskFull`, `fileSystem`, `cancelled`.
    package func importFiles(_ paths: [String], model id: String, options: PullOptions = PullOptions()) async throws(ModelStoreError) {
        let model = try catalogue.model(id)
        let lock = try await lock(model) {}
        defer { lock.release() }
        let staging = staging(model)
        try FileSystem.makeDirectories(staging.folder)
        let wanted = model.files.flatMap { Set([$0.blob, $0.downloaded]) }
        for path in paths {
            let digest = try await offPool { () throws(ModelStoreError) in try Digest.file(path) }
            guard let blob = wanted.first(where: { $0.sha256 == digest }) else {
                let list = wanted.map { "\($0.name) has \($0.sha256)" }.joined(separator: ", ")
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
        try install(model, from: staging)
    }

    private func checkSpace(for model: CatalogueModel) throws(ModelStoreError) {
        let needed = model.files.reduce(1 << 20) { $0 + $1.blob.bytes + ($1.conversion == nil ? 0 : $1.downloaded.bytes) }
        let present = FileSystem.treeBytes(staging(model).folder)
        guard let free = FileSystem.freeBytes(home), free < needed - present else { return }
        throw ModelStoreError(.diskFull, "model \(model.id) needs \(needed - present) bytes in \(home), where \(free) are free")
    }

    /// Moves the finished, checked files to their place. Only renames within one file system.
    private func install(_ model: CatalogueModel, from staging: Staging) throws(ModelStoreError) {
        let parent = "\(home)/models/\(model.id)"
        let target = folder(model)
        let new = "\(parent)/.new"
        let old = "\(parent)/.old"
        try FileSystem.remove(new)
        try FileSystem.remove(old)
        try FileSystem.makeDirectories(new)
        for file in model.files { try FileSystem.rename(staging.finished(file.blob), to: "\(new)/\(file.blob.name)") }
        try InstalledRecord(checked: model, in: new).write(in: new)
        try FileSystem.synchronize(new)
        if FileSystem.facts(target) != nil { try FileSystem.rename(target, to: old) }
        try FileSystem.rename(new, to: target)
        try FileSystem.synchronize(parent)
        try FileSystem.remove(old)
        try FileSystem.remove(staging.folder)
    }
}
