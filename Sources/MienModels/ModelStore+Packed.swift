#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Packed models: one file that this machine makes from models that were pulled.
extension ModelStore {
    /// Models that a packed model can be made from, any one of them.
    ///
    /// - Throws: `unknownModel` if there is no such model, or it is not packed.
    package func packedSources(_ id: String) throws(ModelStoreError) -> [String] {
        guard case .packed(let sources) = try catalogue.model(id).contents else { throw ModelStoreError(.unknownModel, "model \(id) is pulled and not packed") }
        return sources
    }

    /// Where the file of a packed model is once it is installed. To open it ask `path(model:file:)`, which checks it.
    ///
    /// - Throws: `unknownModel`.
    package func packedPath(_ id: String) throws(ModelStoreError) -> String {
        _ = try packedSources(id)
        return "\(folder(try catalogue.model(id)))/\(CatalogueModel.packedFile)"
    }

    /// Where this process is to write the file, on the same file system; the folder is made. Another process has another place.
    ///
    /// - Throws: `unknownModel`, `fileSystem`.
    package func packedStagingPath(_ id: String) throws(ModelStoreError) -> String {
        _ = try packedSources(id)
        let staging = staging(try catalogue.model(id))
        try FileSystem.makeDirectories(staging.folder)
        return "\(staging.folder)/packing-\(getpid())\(Staging.partialSuffix)"
    }

    /// Puts what was written to `packedStagingPath` in the place of what was there, at once and whole. Its digest is recorded for later checks. Files
    /// that other packing left half-made are removed.
    ///
    /// - Throws: `unknownModel`; `fileSystem` if nothing was written; `diskFull`, `cancelled`.
    package func installPacked(_ id: String) async throws(ModelStoreError) {
        let written = try packedStagingPath(id)
        let model = try catalogue.model(id)
        let lock = try await lock(model) {}
        defer { lock.release() }
        let staging = staging(model)
        let blob = try await offPool { () throws(ModelStoreError) in
            guard let facts = FileSystem.facts(written), facts.isRegular, facts.bytes > 0 else {
                throw ModelStoreError(.fileSystem, "\(written) is empty or missing")
            }
            let blob = Blob(name: CatalogueModel.packedFile, bytes: facts.bytes, sha256: try Digest.file(written))
            try FileSystem.synchronize(written)
            try FileSystem.rename(written, to: staging.finished(blob))
            return blob
        }
        try await install(model, [blob], from: staging)
    }
}
