/// The folder in which the files of one model gather until all are there. It outlives a broken pull, so that the next one goes on
/// where that one stopped.
struct Staging: Sendable {
    static let partialSuffix = ".partial"

    let folder: String

    func finished(_ blob: Blob) -> String { "\(folder)/\(blob.name)" }
    func partial(_ blob: Blob) -> String { "\(folder)/\(blob.name)\(Self.partialSuffix)" }
    /// For what a tool leaves around. Emptied before use.
    func scratch(_ name: String) throws(ModelStoreError) -> String {
        let path = "\(folder)/.\(name)"
        try FileSystem.remove(path)
        try FileSystem.makeDirectories(path)
        return path
    }

    /// Whether the finished file is there, whole and right.
    func has(_ blob: Blob) throws(ModelStoreError) -> Bool {
        guard let facts = FileSystem.facts(finished(blob)), facts.isRegular, facts.bytes == blob.bytes else { return false }
        return try Digest.file(finished(blob)) == blob.sha256
    }

    /// Makes the partial file the finished one, if it is right; removes it otherwise.
    ///
    /// - Throws: `sourcesFailed`, naming the digest or size expected and found.
    func accept(_ blob: Blob) throws(ModelStoreError) {
        try Self.check(partial(blob), is: blob, orRemove: true)
        try FileSystem.synchronize(partial(blob))
        try FileSystem.rename(partial(blob), to: finished(blob))
    }

    static func check(_ path: String, is blob: Blob, orRemove remove: Bool = false) throws(ModelStoreError) {
        let bytes = FileSystem.facts(path)?.bytes ?? 0
        var problem: String?
        if bytes != blob.bytes {
            problem = "wrong size of \(blob.name): expected \(blob.bytes) bytes, found \(bytes)"
        } else {
            let digest = try Digest.file(path)
            if digest != blob.sha256 { problem = "wrong checksum of \(blob.name): expected SHA-256 \(blob.sha256), found \(digest)" }
        }
        guard let problem else { return }
        if remove { try FileSystem.remove(path) }
        throw ModelStoreError(.sourcesFailed, problem)
    }
}
