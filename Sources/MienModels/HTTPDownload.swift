/// A download whose size and digest are known. Goes on where an earlier one stopped.
struct HTTPDownload {
    let url: String
    let blob: Blob
    let staging: Staging
    let options: PullOptions
    let curl: Curl
    /// A better message for a status of HTTP, if there is one.
    var explain: @Sendable (Int) -> String? = { _ in nil }
    /// Called with the size so far.
    let onBytes: @Sendable (Int) -> Void
    /// Called when all is here and is going to be hashed.
    let onVerify: @Sendable () -> Void

    /// Leaves the whole, checked file in `staging`.
    ///
    /// - Throws: `sourcesFailed` with the reason of the last try, `cancelled`, `diskFull`, `fileSystem`.
    func run() async throws(ModelStoreError) {
        try await options.trying(explain: explain) { () throws(ModelStoreError) -> Attempt<Void> in try await attempt() }
    }

    private func attempt() async throws(ModelStoreError) -> Attempt<Void> {
        let path = staging.partial(blob)
        let resumed = try bytesSoFar()
        // With all of it here already, a server would answer 416.
        if resumed < blob.bytes {
            switch try await curl.get(url, to: path, resuming: true, limit: blob.bytes, name: blob.name, onBytes: onBytes) {
            case .done: break
            case .again(let reason, let after): return .again(reason, after: after)
            case .giveUp(let reason, let status): return .giveUp(reason, status: status)
            case .fromTheStart(let reason):
                try FileSystem.remove(path)
                return .fromTheStart(reason)
            }
        }
        onVerify()
        do throws(ModelStoreError) {
            try await offPool { [staging, blob] () throws(ModelStoreError) in try staging.accept(blob) }
        } catch {
            // The first part may be of another day's file. Without one, what the server has is wrong and stays so.
            guard error.code == .sourcesFailed, resumed > 0 else { throw error }
            return .fromTheStart(error.description)
        }
        return .done(())
    }

    private func bytesSoFar() throws(ModelStoreError) -> Int {
        let bytes = FileSystem.facts(staging.partial(blob))?.bytes ?? 0
        if bytes <= blob.bytes { return bytes }
        try FileSystem.remove(staging.partial(blob))
        return 0
    }
}
