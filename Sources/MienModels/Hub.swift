/// A model hub: the one that everybody knows, or a mirror of it.
struct Hub: Sendable {
    /// Without a slash at the end.
    let base: String
    let curl: Curl

    private static let pageBytes = 4 << 20
    private static let pages = 100
    private static let entries = 50_000

    /// At `MIEN_HUB` or `HF_ENDPOINT`, with the token that is set.
    ///
    /// - Throws: `sourcesFailed` if these variables hold what they must not.
    init(of store: ModelStore) async throws(ModelStoreError) {
        let variable = ["MIEN_HUB", "HF_ENDPOINT"].first { store.variable($0)?.isEmpty == false }
        var base = variable.flatMap { store.variable($0) } ?? "https://huggingface.co"
        while base.hasSuffix("/") { base.removeLast() }
        // Its value may hold a password, so it is not repeated.
        guard SafeName.url.allows(base), !base.contains("?"), !base.contains("#") else {
            throw ModelStoreError(.sourcesFailed, "\(variable ?? "the hub") is not an https URL without name, password and query")
        }
        self.base = base
        let token = try HubToken(from: store)
        if token != nil { try await HubToken.check(curl: store.environment) }
        curl = Curl(environment: store.environment, token: token)
    }

    /// Where a file is. Characters that mean something in a URL are escaped.
    func url(_ repository: String, revision: String, path: String) -> String { "\(base)/\(repository)/resolve/\(revision)/\(Self.escaped(path))" }

    /// The commit that a revision stands for.
    func commit(_ repository: String, revision: String, scratch: String, options: PullOptions) async throws(ModelStoreError) -> String {
        if SafeName.commit.allows(revision) { return revision }
        let answer = try await ask("\(base)/api/models/\(repository)/revision/\(revision)", repository, revision, scratch, options)
        return try HubListing.commit(answer.json, of: repository)
    }

    /// The files that a commit has.
    ///
    /// - Parameter scratch: A folder for answers.
    /// - Throws: `sourcesFailed` if the hub does not answer, or its answer is not right or has no end; `cancelled`, `diskFull`, `fileSystem`.
    func files(_ repository: String, commit: String, scratch: String, options: PullOptions) async throws(ModelStoreError) -> [HubFile] {
        var files: [HubFile] = []
        var seen = Set<String>()
        var query: String? = "recursive=true"
        var pages = 0
        while let asked = query {
            pages += 1
            guard pages <= Self.pages else { throw HubListing.failure(repository, "has more than \(Self.pages) pages") }
            let answer = try await ask("\(base)/api/models/\(repository)/tree/\(commit)?\(asked)", repository, commit, scratch, options)
            for file in try HubListing.page(answer.json, of: repository) {
                guard seen.insert(file.path).inserted else { throw HubListing.failure(repository, "lists \(quoted(file.path)) twice") }
                files.append(file)
            }
            guard files.count <= Self.entries else { throw HubListing.failure(repository, "lists more than \(Self.entries) files") }
            query = try HubListing.next(link: answer.link, of: repository)
        }
        return files
    }

    /// What a status of HTTP means here, with what to do.
    func explain(_ status: Int, repository: String, revision: String, path: String? = nil) -> String? {
        switch (status, curl.token) {
        case (401, nil), (403, nil):
            "the hub answers \(status) for \(repository): it wants a token, or there is no such repository; "
                + "accept its terms at \(base)/\(repository), if it has any, and set HF_TOKEN to a token that may read it"
        case (401, let token?), (403, let token?):
            "the hub answers \(status) for \(repository) in spite of the token in \(token.variable): "
                + "accept its terms at \(base)/\(repository), or set \(token.variable) to a token that may read it"
        case (404, _): "the hub has no \(path.map { "\($0) in " } ?? "")\(repository) at \(revision) (404)"
        default: nil
        }
    }

    private func ask(_ url: String, _ repository: String, _ revision: String, _ scratch: String,
                     _ options: PullOptions) async throws(ModelStoreError) -> (json: [UInt8], link: String) {
        let path = "\(scratch)/answer.json"
        let answer = try await options.trying(
            explain: { explain($0, repository: repository, revision: revision) }
        ) { () throws(ModelStoreError) -> Attempt<Curl.Answer> in
            try FileSystem.remove(path)
            return try await curl.get(url, to: path, resuming: false, limit: Self.pageBytes, name: "an answer about \(repository)")
        }
        // curl makes no file for an answer without a body.
        return (FileSystem.facts(path) == nil ? [] : try FileSystem.read(path, limit: Self.pageBytes), answer.link)
    }

    private static func escaped(_ path: String) -> String {
        path.utf8.map { byte in
            if SafeName.isLetterOrDigit(byte) || "-._~/".utf8.contains(byte) { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
