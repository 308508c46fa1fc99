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
        if case .packed = model.contents { throw ModelStoreError(.sourcesFailed, "model \(id) is made on this machine: \(advice(model))") }
        let options = options
        let lock = try await lock(model) {
            options.onProgress(PullProgress(model: id, file: "", phase: .waiting, source: "another mien", bytes: 0, total: 0))
        }
        defer { lock.release() }
        if !options.force, state(of: model) == .installed { return .alreadyInstalled }
        let staging = staging(model)
        try FileSystem.makeDirectories(staging.folder)
        switch model.contents {
        case .files(let files):
            try checkSpace(for: model)
            for file in files {
                if Task.isCancelled { throw ModelStoreError(.cancelled, "cancelled") }
                try await Pull(store: self, model: model, file: file, staging: staging, options: options).run()
            }
            try await install(model, files.map(\.blob), from: staging)
        case .repositories(let repositories, _):
            let pull = RepositoryPull(store: self, model: model, repositories: repositories, staging: staging, options: options)
            let (blobs, origins) = try await pull.run()
            try await install(model, blobs, origins: origins, from: staging)
        case .packed: break
        }
        return .pulled
    }

    private func checkSpace(for model: CatalogueModel) throws(ModelStoreError) {
        let needed = model.files.reduce(1 << 20) { $0 + $1.blob.bytes + ($1.conversion == nil ? 0 : $1.downloaded.bytes) }
        try checkSpace(needed: needed - FileSystem.treeBytes(staging(model).folder), model)
    }

    /// - Throws: `diskFull` if what is missing of these files does not fit. What is installed already gets a second name and takes no space.
    func checkSpace(for blobs: [Blob], of model: CatalogueModel) throws(ModelStoreError) {
        let (staging, folder) = (staging(model), folder(model))
        let record = InstalledRecord(in: folder)
        let missing = blobs.filter { record?.vouches(for: $0, in: folder) != true }
        try checkSpace(needed: missing.reduce(1 << 20) { $0 + $1.bytes - staging.bytes(of: $1) }, model)
    }

    func checkSpace(needed: Int, _ model: CatalogueModel) throws(ModelStoreError) {
        guard let free = FileSystem.freeBytes(home), free < needed else { return }
        throw ModelStoreError(.diskFull, "model \(model.id) needs \(needed) bytes in \(home), where \(free) are free")
    }

    /// Moves the finished, checked files to their place. Only renames within one file system.
    func install(_ model: CatalogueModel, _ blobs: [Blob], origins: [InstalledOrigin] = [], from staging: Staging) async throws(ModelStoreError) {
        let parent = "\(home)/models/\(model.id)"
        let target = folder(model)
        let new = "\(parent)/.new"
        let old = "\(parent)/.old"
        try FileSystem.remove(new)
        try FileSystem.remove(old)
        try FileSystem.makeDirectories(new)
        let folders = Set(blobs.filter { $0.name.contains("/") }.map { "\(new)/\($0.name.prefix { $0 != "/" })" })
        for folder in folders { try FileSystem.makeDirectories(folder) }
        for blob in blobs { try FileSystem.rename(staging.finished(blob), to: "\(new)/\(blob.name)") }
        try await offPool { () throws(ModelStoreError) in try InstalledRecord(checked: blobs, from: origins, in: new).write(in: new) }
        for folder in folders.sorted() + [new] { try FileSystem.synchronize(folder) }
        if FileSystem.facts(target) != nil { try FileSystem.rename(target, to: old) }
        try FileSystem.rename(new, to: target)
        try FileSystem.synchronize(parent)
        try FileSystem.remove(old)
        try FileSystem.remove(staging.folder)
    }
}
