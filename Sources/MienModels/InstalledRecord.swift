internal import MienJSON

/// `installed.json` in the folder of an installed model. It says which files were right, and when: as long as their size and time of change
/// stay the same, starting a host need not hash them.
struct InstalledRecord: Equatable {
    struct File: Equatable {
        var name: String
        var sha256: String
        var bytes: Int
        /// Nanoseconds since 1970.
        var modified: Int
    }

    static let fileName = "installed.json"
    var files: [File]
    /// What the files of repositories came from; it is the record alone that knows these files.
    var origins: [InstalledOrigin] = []

    /// The record for files just checked.
    init(checked blobs: [Blob], from origins: [InstalledOrigin], in folder: String) throws(ModelStoreError) {
        files = []
        self.origins = origins
        for blob in blobs {
            let path = "\(folder)/\(blob.name)"
            guard let facts = FileSystem.facts(path) else { throw FileSystem.failure("cannot read", path) }
            let sha256 = if case .sha256(let digest) = blob.checksum { digest } else { try Digest.file(path) }
            files.append(File(name: blob.name, sha256: sha256, bytes: facts.bytes, modified: facts.modified))
        }
    }

    /// `nil` if there is none or it cannot be read; then the files count as unchecked.
    init?(in folder: String) {
        guard let bytes = try? FileSystem.read("\(folder)/\(Self.fileName)", limit: 4 << 20), let root = try? JSONValue.parse(bytes),
              let list = root["files"]?.array else { return nil }
        files = []
        for entry in list {
            guard let name = entry["name"]?.string, let sha256 = entry["sha256"]?.string, let bytes = entry["bytes"]?.number?.integer(as: Int.self),
                  let modified = entry["modified"]?.number?.integer(as: Int.self) else { return nil }
            files.append(File(name: name, sha256: sha256, bytes: bytes, modified: modified))
        }
        for entry in root["repositories"]?.array ?? [] {
            guard let repository = entry["repo"]?.string else { return nil }
            origins.append(InstalledOrigin(repository: repository, commit: entry["commit"]?.string))
        }
    }

    /// Written beside and renamed, so that nobody ever reads half of it.
    func write(in folder: String) throws(ModelStoreError) {
        var root = JSONObject()
        root.append("schema", .number(JSONNumber(1)))
        root.append("files", .array(files.map { file in
            var entry = JSONObject()
            entry.append("name", .string(file.name))
            entry.append("sha256", .string(file.sha256))
            entry.append("bytes", .number(JSONNumber(file.bytes)))
            entry.append("modified", .number(JSONNumber(file.modified)))
            return .object(entry)
        }))
        if !origins.isEmpty {
            root.append("repositories", .array(origins.map { origin in
                var entry = JSONObject()
                entry.append("repo", .string(origin.repository))
                entry.append("commit", origin.commit.map(JSONValue.string) ?? .null)
                return .object(entry)
            }))
        }
        try FileSystem.write(Array((JSONValue.object(root).text(indent: 2) + "\n").utf8), to: "\(folder)/\(Self.fileName).new")
        try FileSystem.rename("\(folder)/\(Self.fileName).new", to: "\(folder)/\(Self.fileName)")
    }

    var blobs: [Blob] { files.map { Blob(name: $0.name, bytes: $0.bytes, sha256: $0.sha256) } }

    /// Whether the file is still the one that was checked, and is the one that is wanted.
    func vouches(for blob: Blob, in folder: String) -> Bool {
        guard let file = files.first(where: { $0.name == blob.name }), .sha256(file.sha256) == blob.checksum, file.bytes == blob.bytes,
              let facts = FileSystem.facts("\(folder)/\(blob.name)"), facts.isRegular else { return false }
        return facts.bytes == file.bytes && facts.modified == file.modified
    }
}

/// Where the files of one repository came from.
package struct InstalledOrigin: Sendable, Equatable {
    /// OWNER/NAME.
    package var repository: String
    /// `nil` if they were imported from a folder.
    package var commit: String?
}
