internal import MienJSON

/// One file of a repository, as the hub lists it.
struct HubFile: Equatable {
    var path: String
    var bytes: Int
    /// SHA-256 for what lies in large file storage, git's own for the rest.
    var checksum: Checksum
}

/// The hub's answers. They come from outside: nothing in them is used before it is checked.
enum HubListing {
    static let largestFile = 1 << 40

    /// The commit that a revision stands for, from `/api/models/REPO/revision/REVISION`.
    static func commit(_ json: [UInt8], of repository: String) throws(ModelStoreError) -> String {
        guard let commit = try parse(json, repository)["sha"]?.string, SafeName.commit.allows(commit) else {
            throw failure(repository, "names no commit")
        }
        return commit
    }

    /// One page of `/api/models/REPO/tree/COMMIT`: the files, without folders. Keys that are not known are the hub's business.
    static func page(_ json: [UInt8], of repository: String) throws(ModelStoreError) -> [HubFile] {
        guard let entries = try parse(json, repository).array else { throw failure(repository, "is no list of files") }
        var files: [HubFile] = []
        for entry in entries {
            guard let type = entry["type"]?.string, let path = entry["path"]?.string else { throw failure(repository, "has an entry without type or path") }
            try checkPath(path, repository)
            guard type == "file" else { continue }
            let isLarge = entry["lfs"].map { $0 != .null } ?? false
            let size = try bytes(entry["size"], path, repository)
            let checksum: Checksum
            if isLarge, let oid = entry["lfs"]?["oid"]?.string, SafeName.sha256.allows(oid) {
                guard try bytes(entry["lfs"]?["size"], path, repository) == size else { throw failure(repository, "gives \(quoted(path)) two sizes") }
                checksum = .sha256(oid)
            } else if !isLarge, let oid = entry["oid"]?.string, SafeName.commit.allows(oid) {
                checksum = .gitBlob(oid)
            } else {
                throw failure(repository, "gives \(quoted(path)) no digest")
            }
            files.append(HubFile(path: path, bytes: size, checksum: checksum))
        }
        return files
    }

    /// What to ask for the next page, from the header `Link: <URL>; rel="next"` (RFC 8288): the query of that URL. Its host is not asked for, since only
    /// the hub that was chosen is; a mirror may well name the original there.
    static func next(link: String, of repository: String) throws(ModelStoreError) -> String? {
        var rest = Substring(link)
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            let url = rest[rest.index(after: start)..<end]
            let parameters = rest[rest.index(after: end)...].prefix { $0 != "<" }
            rest = rest[rest.index(end, offsetBy: parameters.count + 1)...]
            let words = parameters.filter { $0 != "\"" && $0 != " " }.split { $0 == ";" || $0 == "," }
            guard words.contains("rel=next") else { continue }
            let query = url.firstIndex(of: "?").map { url[url.index(after: $0)...] } ?? ""
            let isPlain = (1...2_048).contains(query.utf8.count) && query.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"#\\\"<>{}|^`".utf8.contains($0) }
            guard isPlain else { throw failure(repository, "names a next page that is no URL with a query") }
            return String(query)
        }
        return nil
    }

    private static func parse(_ json: [UInt8], _ repository: String) throws(ModelStoreError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(json, limits: JSONLimits(bytes: json.count, depth: 32))
        } catch {
            throw failure(repository, "is not JSON: \(error)")
        }
    }

    private static func checkPath(_ path: String, _ repository: String) throws(ModelStoreError) {
        let isPlain = path.utf8.count <= 1_024 && path.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" }
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
        guard isPlain else { throw failure(repository, "has the path \(quoted(path)), which no repository has") }
    }

    private static func bytes(_ value: JSONValue?, _ path: String, _ repository: String) throws(ModelStoreError) -> Int {
        guard let size: Int = value?.number?.integer(), (0...largestFile).contains(size) else {
            throw failure(repository, "gives \(quoted(path)) a size that no file has")
        }
        return size
    }

    static func failure(_ repository: String, _ what: String) -> ModelStoreError {
        ModelStoreError(.sourcesFailed, "the hub's answer about \(repository) \(what)")
    }
}
