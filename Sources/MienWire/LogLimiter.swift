/// Lets through a burst of log lines and then so many a second, and counts what it holds back.
struct LogLimiter {
    private let burst: Double
    private let perSecond: Double
    private var tokens: Double
    private var last: ContinuousClock.Instant?
    private var dropped: UInt64 = 0

    init(burst: Int = 200, perSecond: Int = 100) {
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
        tokens = self.burst
    }

    /// How many lines were dropped since the last one that passed; nil: drop this one too.
    mutating func admit(_ now: ContinuousClock.Instant, isCongested: Bool) -> UInt64? {
        if let last { tokens = min(burst, tokens + (now - last) / .seconds(1) * perSecond) }
        last = now
        guard tokens >= 1, !isCongested else {
            dropped += 1
            return nil
        }
        tokens -= 1
        defer { dropped = 0 }
        return dropped
    }
}
