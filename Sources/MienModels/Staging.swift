/// The folder in which the files of one model gather until all are there. It outlives a broken pull, so that the next one goes on
/// where that one stopped.
struct Staging: Sendable {
    static let partialSuffix = ".partial"

    let folder: String

    /// Makes the folders that a file of this name goes to.
    func makeFolder(for blob: Blob) throws(ModelStoreError) {
        let parts = blob.name.split(separator: "/").dropLast()
        try FileSystem.makeDirectories(([folder] + parts.map(String.init)).joined(separator: "/"))
    }

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
        return try Self.digest(finished(blob), like: blob) == blob.checksum
    }

    /// Bytes of it that are here, in whichever state.
    func bytes(of blob: Blob) -> Int { min(max(FileSystem.facts(finished(blob))?.bytes ?? 0, FileSystem.facts(partial(blob))?.bytes ?? 0), blob.bytes) }

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
            let found = try digest(path, like: blob)
            if found != blob.checksum { problem = "wrong checksum of \(blob.name): expected \(blob.checksum), found \(found.digits)" }
        }
        guard let problem else { return }
        if remove { try FileSystem.remove(path) }
        throw ModelStoreError(.sourcesFailed, problem)
    }

    private static func digest(_ path: String, like blob: Blob) throws(ModelStoreError) -> Checksum {
        switch blob.checksum {
        case .sha256: .sha256(try Digest.file(path))
        case .gitBlob: .gitBlob(try Digest.gitBlob(path, bytes: blob.bytes))
        }
    }
}
