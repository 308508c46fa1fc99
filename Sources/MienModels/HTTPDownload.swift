/// A download by curl, which knows proxies, certificates and redirects better than we would.
struct HTTPDownload {
    let url: String
    let blob: Blob
    let staging: Staging
    let options: PullOptions
    /// Called with the size so far.
    let onBytes: @Sendable (Int) -> Void
    /// Called when all is here and is going to be hashed.
    let onVerify: @Sendable () -> Void

    /// What to do after a failed try.
    private enum Verdict {
        case again(String, after: Duration? = nil)
        /// The partial file stands in the way.
        case fromTheStart(String)
        case giveUp(String)
    }

    /// Leaves the whole, checked file in `staging`.
    ///
    /// - Throws: `sourcesFailed` with the reason of the last try, `cancelled`, `diskFull`, `fileSystem`.
    func run() async throws(ModelStoreError) {
        var reason = ""
        var wait = options.firstWait
        for attempt in 1...max(1, options.attempts) {
            let resumed = try bytesSoFar()
            switch try await fetch(from: resumed) {
            case nil:
                onVerify()
                do throws(ModelStoreError) {
                    return try await offPool { () throws(ModelStoreError) in try staging.accept(blob) }
                } catch {
                    // The first part may be of another day's file. Without one, what the server has is wrong and stays so.
                    guard error.code == .sourcesFailed, resumed > 0 else { throw error }
                    reason = error.description
                    continue
                }
            case .giveUp(let message): throw ModelStoreError(.sourcesFailed, message)
            case .fromTheStart(let message):
                try FileSystem.remove(staging.partial(blob))
                reason = message
                continue
            case .again(let message, let after):
                reason = message
                guard attempt < options.attempts else { break }
                do { try await Task.sleep(for: max(after ?? .zero, wait)) } catch { throw ModelStoreError(.cancelled, "cancelled") }
                wait = min(wait * 2, .seconds(30))
            }
        }
        throw ModelStoreError(.sourcesFailed, "\(reason) (after \(options.attempts) tries)")
    }

    private func bytesSoFar() throws(ModelStoreError) -> Int {
        let bytes = FileSystem.facts(staging.partial(blob))?.bytes ?? 0
        if bytes <= blob.bytes { return bytes }
        try FileSystem.remove(staging.partial(blob))
        return 0
    }

    /// One run of curl; `nil` if it fetched all it was asked for.
    private func fetch(from start: Int) async throws(ModelStoreError) -> Verdict? {
        // Everything is here already, and a server would answer 416.
        if start == blob.bytes { return nil }
        let path = staging.partial(blob)
        let scheme = url.hasPrefix("https:") ? "=https" : "=http,https"
        let arguments = [
            "--silent", "--show-error", "--fail", "--location", "--max-redirs", "10", "--globoff", "--proto", scheme, "--proto-redir", scheme,
            "--connect-timeout", "20", "--speed-limit", "1", "--speed-time", "60", "--continue-at", "-", "--output", path,
            "--write-out", "%{http_code} %header{retry-after}", "--url", url,
        ]
        let limit = blob.bytes
        let onBytes = onBytes
        let outcome: Tool.Outcome
        do throws(Tool.Failure) {
            outcome = try await Tool.run("curl", arguments) {
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
                return .giveUp("the server sends more than the \(limit) bytes of \(blob.name)")
            case .other(let message): return .giveUp(message)
            }
        }
        return try verdict(outcome, path: path)
    }

    /// curl's exit codes are those of its manual, section EXIT CODES.
    private func verdict(_ outcome: Tool.Outcome, path: String) throws(ModelStoreError) -> Verdict? {
        let words = outcome.output.split(separator: " ")
        let status = words.first.flatMap { Int($0) } ?? 0
        let complaint = outcome.complaint
        switch outcome.code {
        case 0:
            let bytes = FileSystem.facts(path)?.bytes ?? 0
            if bytes > blob.bytes {
                try FileSystem.remove(path)
                return .giveUp("the server sends \(bytes) bytes where \(blob.name) has \(blob.bytes)")
            }
            return nil
        case 22 where status == 416: return .fromTheStart(complaint)
        case 22 where status == 408 || status == 429 || (500...599).contains(status):
            let seconds = words.dropFirst().first.flatMap { Int($0) }.map { Duration.seconds(min(max($0, 0), 60)) }
            return .again(complaint, after: seconds)
        case 22: return .giveUp(complaint)
        case 23:
            if let free = FileSystem.freeBytes(staging.folder), free < 1 << 20 {
                throw ModelStoreError(.diskFull, "no space left for \(path)")
            }
            throw ModelStoreError(.fileSystem, "cannot write \(path): \(complaint)")
        // No byte ranges, or a resumed transfer that the server refuses.
        case 33, 36: return .fromTheStart(complaint)
        // No such host or proxy (5, 6), no connection (7), cut off (18, 52, 55, 56), too slow (28), TLS broken off (35), HTTP/2 and 3 trouble (16, 92, 95).
        case 5, 6, 7, 16, 18, 28, 35, 52, 55, 56, 92, 95: return .again(complaint)
        default: return .giveUp(complaint)
        }
    }
}
