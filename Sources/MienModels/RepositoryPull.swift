/// Brings the files of whole repositories into the staging folder: asks the hub what there is, checks that there is room for all of it, and fetches one
/// file after the other.
struct RepositoryPull: Sendable {
    let store: ModelStore
    let model: CatalogueModel
    let repositories: [CatalogueRepository]
    let staging: Staging
    let options: PullOptions

    private struct Wanted {
        var repository: CatalogueRepository
        var commit: String
        var path: String
        var blob: Blob
    }

    /// - Returns: The files, whole and checked in `staging`, and the commits that they are of.
    /// - Throws: `sourcesFailed`, `diskFull`, `fileSystem`, `cancelled`.
    func run() async throws(ModelStoreError) -> (blobs: [Blob], origins: [InstalledOrigin]) {
        let hub = try await Hub(of: store)
        let (wanted, origins) = try await list(hub)
        let blobs = wanted.map(\.blob)
        try store.checkSpace(for: blobs, of: model)
        let total = blobs.reduce(0) { $0 + $1.bytes }
        var done = 0
        for (number, file) in wanted.enumerated() {
            if Task.isCancelled { throw ModelStoreError(.cancelled, "cancelled") }
            try await fetch(file, hub, PullProgress.Whole(file: number + 1, files: wanted.count, bytes: done, total: total))
            done += file.blob.bytes
        }
        return (blobs, origins)
    }

    private func list(_ hub: Hub) async throws(ModelStoreError) -> ([Wanted], [InstalledOrigin]) {
        let scratch = try staging.scratch("listing")
        var wanted: [Wanted] = []
        var origins: [InstalledOrigin] = []
        for repository in repositories {
            options.onProgress(PullProgress(model: model.id, file: "", phase: .listing, source: repository.name, bytes: 0, total: 0))
            // Everything is asked for by commit from here on, so that a change under way does not mix two states.
            let commit = try await hub.commit(repository.name, revision: repository.revision, scratch: scratch, options: options)
            let files = try await hub.files(repository.name, commit: commit, scratch: scratch, options: options).filter { repository.wants(path: $0.path) }
            if let lack = repository.lack(in: files.map(\.path)) {
                throw ModelStoreError(.sourcesFailed, "repository \(repository.name) at \(commit) has \(lack)")
            }
            for file in files { wanted.append(Wanted(repository: repository, commit: commit, path: file.path, blob: try blob(file, repository))) }
            origins.append(InstalledOrigin(repository: repository.name, commit: commit))
        }
        try FileSystem.remove(scratch)
        var names = Set<String>()
        for file in wanted where !names.insert(file.blob.name.lowercased()).inserted {
            throw ModelStoreError(.sourcesFailed, "repository \(file.repository.name) has two files that would both be \(file.blob.name)")
        }
        return (wanted, origins)
    }

    private func blob(_ file: HubFile, _ repository: CatalogueRepository) throws(ModelStoreError) -> Blob {
        let parts = file.path.split(separator: "/").map(String.init)
        let name = parts.last ?? ""
        guard parts.allSatisfy({ SafeName.hubFile.allows($0) }) else {
            throw HubListing.failure(repository.name, "has \(quoted(file.path)), which is not \(SafeName.hubFile.meaning)")
        }
        guard file.bytes > 0 else { throw HubListing.failure(repository.name, "has \(file.path), which is empty") }
        return Blob(name: "\(repository.folder)/\(name)", bytes: file.bytes, checksum: file.checksum)
    }

    private func fetch(_ file: Wanted, _ hub: Hub, _ whole: PullProgress.Whole) async throws(ModelStoreError) {
        let blob = file.blob
        let report: @Sendable (PullProgress.Phase, Int) -> Void = { phase, bytes in
            var whole = whole
            whole.bytes += bytes
            options.onProgress(PullProgress(model: model.id, file: blob.name, phase: phase, source: file.repository.name, bytes: bytes, total: blob.bytes,
                                            whole: whole))
        }
        if staging.bytes(of: blob) == blob.bytes || FileSystem.facts("\(store.folder(model))/\(blob.name)") != nil { report(.verifying, 0) }
        if try await !offPool({ () throws(ModelStoreError) in try findHere(blob) }) {
            report(.downloading, staging.bytes(of: blob))
            let url = hub.url(file.repository.name, revision: file.commit, path: file.path)
            let download = HTTPDownload(url: url, blob: blob, staging: staging, options: options, curl: hub.curl,
                                        explain: { hub.explain($0, repository: file.repository.name, revision: file.commit, path: file.path) },
                                        onBytes: { report(.downloading, $0) }, onVerify: { report(.verifying, blob.bytes) })
            do throws(ModelStoreError) {
                try await download.run()
            } catch where error.code == .sourcesFailed {
                let kept = whole.file == 1 ? "" : "; the \(whole.file - 1) files before it are kept: run the same again"
                throw ModelStoreError(.sourcesFailed, "\(file.path) of \(file.repository.name) at \(file.commit): \(error)\(kept)")
            }
        }
        report(.fileDone, blob.bytes)
    }

    /// Whether it is in `staging`, from an interrupted pull or, if the same file is installed, by a second name for that.
    private func findHere(_ blob: Blob) throws(ModelStoreError) -> Bool {
        try staging.makeFolder(for: blob)
        if try staging.has(blob) { return true }
        try FileSystem.remove(staging.finished(blob))
        guard FileSystem.link("\(store.folder(model))/\(blob.name)", to: staging.finished(blob)) else { return false }
        if try staging.has(blob) { return true }
        try FileSystem.remove(staging.finished(blob))
        return false
    }
}
