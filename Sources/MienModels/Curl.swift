/// One way to get a URL: by curl, which knows proxies, certificates and redirects better than we would. It heeds the variables of its manual, such as
/// `https_proxy` and `no_proxy`.
struct Curl: Sendable {
    /// Variables that count above those of the process.
    var environment: [String: String] = [:]
    /// Sent to the URL's own host and, by curl's rule for headers of one's own, to no other host or port that a redirect names.
    var token: HubToken?

    struct Answer {
        var status: Int
        /// The header that says where the next page is, or nothing.
        var link: String
    }

    /// Gets `url` into a file.
    ///
    /// - Parameters:
    ///   - resuming: Goes on where the file ends.
    ///   - limit: Most bytes that the file may come to; `name` is what to call it in errors.
    ///   - onBytes: Called with the size so far.
    /// - Throws: `cancelled`, `diskFull`, `fileSystem`.
    func get(_ url: String, to path: String, resuming: Bool, limit: Int, name: String,
             onBytes: @escaping @Sendable (Int) -> Void = { _ in }) async throws(ModelStoreError) -> Attempt<Answer> {
        let scheme = url.hasPrefix("https:") ? "=https" : "=http,https"
        let arguments = [
            "--silent", "--show-error", "--fail", "--location", "--max-redirs", "10", "--globoff", "--proto", scheme, "--proto-redir", scheme,
            "--connect-timeout", "20", "--speed-limit", "1", "--speed-time", "60", "--output", path,
            "--write-out", "%{http_code}\n%header{retry-after}\n%header{link}", "--url", url,
        ] + (resuming ? ["--continue-at", "-"] : []) + (token == nil ? [] : ["--config", "-"])
        let outcome: Tool.Outcome
        do throws(Tool.Failure) {
            // On stdin the token is out of sight: everybody may read a command line.
            outcome = try await Tool.run("curl", arguments, environment: environment.mapValues(Optional.some), input: token?.configuration ?? "") {
                let bytes = FileSystem.facts(path)?.bytes ?? 0
                onBytes(min(bytes, limit))
                return bytes > limit
            }
        } catch {
            switch error {
            case .missing: return .giveUp("curl is not installed")
            case .cancelled: throw ModelStoreError(.cancelled, "cancelled")
            case .stopped:
                try FileSystem.remove(path)
                return .giveUp("the server sends more than the \(limit) bytes of \(name)")
            case .other(let message): return .giveUp(message)
            }
        }
        return try judge(outcome, path: path, limit: limit, name: name)
    }

    /// curl's exit codes are those of its manual, section EXIT CODES.
    private func judge(_ outcome: Tool.Outcome, path: String, limit: Int, name: String) throws(ModelStoreError) -> Attempt<Answer> {
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        let status = lines.first.flatMap { Int($0) } ?? 0
        let complaint = outcome.complaint
        switch outcome.code {
        case 0:
            let bytes = FileSystem.facts(path)?.bytes ?? 0
            if bytes > limit {
                try FileSystem.remove(path)
                return .giveUp("the server sends \(bytes) bytes where \(name) has \(limit)")
            }
            return .done(Answer(status: status, link: lines.count > 2 ? String(lines[2]) : ""))
        case 22 where status == 416: return .fromTheStart(complaint)
        case 22 where status == 408 || status == 429 || (500...599).contains(status):
            let seconds = lines.dropFirst().first.flatMap { Int($0) }.map { Duration.seconds(min(max($0, 0), 60)) }
            return .again(complaint, after: seconds)
        case 22: return .giveUp(complaint, status: status)
        case 23:
            let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            if let free = FileSystem.freeBytes(folder), free < 1 << 20 { throw ModelStoreError(.diskFull, "no space left for \(path)") }
            throw ModelStoreError(.fileSystem, "cannot write \(path): \(complaint)")
        // No byte ranges, or a resumed transfer that the server refuses.
        case 33, 36: return .fromTheStart(complaint)
        // No such host or proxy (5, 6), no connection (7), cut off (18, 52, 55, 56), too slow (28), TLS broken off (35), HTTP/2 and 3 trouble (16, 92, 95).
        case 5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92, 95: return .again(complaint)
        default: return .giveUp(complaint)
        }
    }
}

/// How one try ended.
enum Attempt<Value> {
    case done(Value)
    /// Worth another try, after a while.
    case again(String, after: Duration? = nil)
    /// Worth another try at once, without what has been fetched.
    case fromTheStart(String)
    /// `status` is that of HTTP, 0 if the server did not answer.
    case giveUp(String, status: Int = 0)
}

extension PullOptions {
    /// Tries until something is done, at most `attempts` times.
    ///
    /// - Parameter explain: A better message for a status, if there is one.
    /// - Throws: `sourcesFailed` with the reason of the last try, and what `attempt` throws.
    func trying<Value>(explain: (Int) -> String?, _ attempt: () async throws(ModelStoreError) -> Attempt<Value>) async throws(ModelStoreError) -> Value {
        var reason = ""
        var wait = firstWait
        for number in 1...max(1, attempts) {
            switch try await attempt() {
            case .done(let value): return value
            case .giveUp(let message, let status): throw ModelStoreError(.sourcesFailed, explain(status) ?? message)
            case .fromTheStart(let message): reason = message
            case .again(let message, let after):
                reason = message
                guard number < attempts else { break }
                do { try await Task.sleep(for: max(after ?? .zero, wait)) } catch { throw ModelStoreError(.cancelled, "cancelled") }
                wait = min(wait * 2, .seconds(30))
            }
        }
        throw ModelStoreError(.sourcesFailed, "\(reason) (after \(attempts) tries)")
    }
}
