extension ModelStore {
    func missing(_ model: CatalogueModel) -> ModelStoreError { ModelStoreError(.notInstalled, "model \(model.id) is missing; run: \(advice(model))") }

    /// What to run to install a model.
    func advice(_ model: CatalogueModel) -> String {
        guard case .packed(let sources) = model.contents else { return "mien models pull \(model.id)" }
        let isHere = catalogue.models.contains { sources.contains($0.id) && state(of: $0) == .installed }
        return (isHere ? "" : "mien models pull \(sources.first ?? ""), then ") + "mien models pack \(model.id)"
    }

    /// What to run to mend one.
    private func repair(_ model: CatalogueModel) -> String {
        if case .packed = model.contents { advice(model) } else { "mien models pull --force \(model.id)" }
    }

    private func damaged(_ model: CatalogueModel, _ what: String) -> ModelStoreError {
        ModelStoreError(.damaged, "model \(model.id) is damaged: \(what); run: \(repair(model))")
    }

    func state(of model: CatalogueModel) -> State {
        let folder = folder(model)
        guard FileSystem.facts(folder) != nil else { return .absent }
        let record = InstalledRecord(in: folder)
        do throws(ModelStoreError) {
            for blob in try blobs(of: model, record) where record?.vouches(for: blob, in: folder) != true {
                return .damaged("\(blob.name) is missing or has changed since it was checked; run: mien models verify \(model.id)")
            }
        } catch {
            return .damaged("\(InstalledRecord.fileName) is missing or does not fit the catalogue; run: \(repair(model))")
        }
        return .installed
    }

    /// What an installed model consists of: as the catalogue says or, where the hub or this machine decided, as was recorded.
    ///
    /// - Throws: `damaged` if the record is not there or does not fit the catalogue.
    func blobs(of model: CatalogueModel, _ record: InstalledRecord?) throws(ModelStoreError) -> [Blob] {
        if case .files(let files) = model.contents { return files.map(\.blob) }
        guard let blobs = record?.blobs, !blobs.isEmpty else { throw damaged(model, "its \(InstalledRecord.fileName) is missing or cannot be read") }
        switch model.contents {
        case .files: break
        case .packed:
            guard blobs.map(\.name) == [CatalogueModel.packedFile] else { throw damaged(model, "its \(InstalledRecord.fileName) names other files") }
        case .repositories(let repositories, _):
            // The names become paths, and anybody may have written them.
            for blob in blobs where !repositories.contains(where: { $0.owns(installed: blob.name) }) {
                throw damaged(model, "its \(InstalledRecord.fileName) names \(quoted(blob.name))")
            }
            for repository in repositories {
                let names = blobs.filter { repository.owns(installed: $0.name) }.map { String($0.name.dropFirst(repository.folder.count + 1)) }
                if let lack = repository.lack(in: names, namesOnly: true) { throw damaged(model, "its \(repository.folder) has \(lack)") }
            }
        }
        return blobs
    }

    /// Hashes the files of an installed model.
    ///
    /// - Parameter all: Also those that have not changed since they were checked.
    /// - Throws: `damaged`, `fileSystem`.
    @discardableResult
    func check(_ model: CatalogueModel, all: Bool) throws(ModelStoreError) -> [Blob] {
        let folder = folder(model)
        let record = InstalledRecord(in: folder)
        let blobs = try blobs(of: model, record)
        var isChanged = false
        for blob in blobs where all || record?.vouches(for: blob, in: folder) != true {
            isChanged = true
            do throws(ModelStoreError) {
                try Staging.check("\(folder)/\(blob.name)", is: blob)
            } catch {
                throw damaged(model, error.description)
            }
        }
        // A store that this user may only read stays as it is.
        if isChanged { try? InstalledRecord(checked: blobs, from: record?.origins ?? [], in: folder).write(in: folder) }
        return blobs
    }
}
