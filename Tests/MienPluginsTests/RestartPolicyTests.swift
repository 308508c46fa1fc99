import Testing

@testable import MienPlugins

@Suite("restarts")
struct RestartPolicyTests {
    private func policy(_ attempts: Int, _ window: Int) -> RestartPolicy {
        var limits = PluginManifest.Restart()
        limits.attempts = attempts
        limits.window = window
        return RestartPolicy(limits)
    }

    @Test("come later after each failure, and at once when there was none for a while") func delays() {
        var policy = policy(100, 60)
        let start = ContinuousClock.now
        #expect(policy.delay(at: start) == .zero)
        var delays: [Duration] = []
        for _ in 0..<8 {
            policy.fail(at: start)
            delays.append(policy.delay(at: start))
        }
        #expect(delays == [.milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600), .milliseconds(3200), .seconds(5), .seconds(5)])
        #expect(policy.delay(at: start + .seconds(4)) == .seconds(1))
        #expect(policy.delay(at: start + .seconds(60)) == .zero)
    }

    @Test("end after too many within the window, until the first has left it") func limit() {
        var policy = policy(2, 10)
        let start = ContinuousClock.now
        policy.fail(at: start)
        policy.fail(at: start + .seconds(1))
        #expect(policy.blockedUntil(start + .seconds(1)) == nil)
        policy.fail(at: start + .seconds(2))
        #expect(policy.blockedUntil(start + .seconds(2)) == start + .seconds(10))
        #expect(policy.blockedUntil(start + .seconds(10)) == nil)
        policy.fail(at: start + .seconds(10.5))
        #expect(policy.blockedUntil(start + .seconds(10.5)) == start + .seconds(11))
    }

    @Test("are never, if none is allowed") func none() {
        var policy = policy(0, 10)
        let start = ContinuousClock.now
        #expect(policy.blockedUntil(start) == nil)
        policy.fail(at: start)
        #expect(policy.blockedUntil(start) == start + .seconds(10))
    }
}
