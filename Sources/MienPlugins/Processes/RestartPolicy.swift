import MienEstimation

/// When a process that has failed may be started anew: later after each failure, and not at all after too many within a while.
struct RestartPolicy: Sendable {
    private let limits: PluginManifest.Restart
    private var failures: [ContinuousClock.Instant] = []

    /// Before the first restart; doubled with each that follows.
    static let firstDelay = Duration.milliseconds(100), longestDelay = Duration.seconds(5)

    init(_ limits: PluginManifest.Restart) { self.limits = limits }

    private var window: Duration { .seconds(limits.window) }

    private func recent(_ now: ContinuousClock.Instant) -> ArraySlice<ContinuousClock.Instant> { failures.drop { now - $0 >= window } }

    /// A process has ended without being asked to, did not start, or had to be ended.
    mutating func fail(at now: ContinuousClock.Instant) {
        failures = recent(now).suffix(limits.attempts) + [now]
    }

    /// The end of a time without restarts; nil while there may be some.
    func blockedUntil(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let recent = recent(now)
        guard recent.count > limits.attempts, let first = recent.first else { return nil }
        return first + window
    }

    /// How long the next start has to wait.
    func delay(at now: ContinuousClock.Instant) -> Duration {
        let recent = recent(now)
        guard let last = recent.last else { return .zero }
        var delay = Self.firstDelay
        for _ in 1..<recent.count where delay < Self.longestDelay { delay *= 2 }
        return max(min(delay, Self.longestDelay) - (now - last), .zero)
    }
}
