@testable import MienHost
import Synchronization
import Testing

@Suite struct ComputeLanesTests {
    @Test func aJobRunsOnALaneAndItsValueComesBack() async throws {
        let lanes = ComputeLanes(count: 2)
        let outcome = try await lanes.run { _ in 6 * 7 }
        #expect(outcome.value == 42)
        #expect(outcome.queued >= .zero)
    }

    private final class Load: Sendable {
        private let running = Atomic<Int>(0), peak = Atomic<Int>(0)
        var now: Int { running.load(ordering: .relaxed) }
        var most: Int { peak.load(ordering: .relaxed) }
        func begin() { peak.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed) }
        func end() { running.subtract(1, ordering: .relaxed) }
    }

    @Test func whatAJobThrowsReachesItsCaller() async {
        struct Odd: Error {}
        let lanes = ComputeLanes(count: 1)
        await #expect(throws: Odd.self) { try await lanes.run { _ in throw Odd() } }
    }

    @Test func neverMoreJobsRunThanThereAreLanes() async throws {
        let lanes = ComputeLanes(count: 3)
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    _ = try await lanes.run { _ in
                        load.begin()
                        var spin = 0
                        for i in 0..<2000 { spin &+= i }
                        load.end()
                        return spin
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(load.most <= 3)
        #expect(load.now == 0)
    }

    @Test func aCancelledJobThatWaitsLeavesTheQueueAtOnce() async throws {
        let lanes = ComputeLanes(count: 1)
        let gate = Gate()
        let first = Task { try await lanes.run { _ in gate.wait() } }
        await gate.someoneWaits()
        let second = Task { try await lanes.run { _ in Issue.record("a cancelled job must not run") } }
        await Task.yield()
        second.cancel()
        // The lane is still taken, and yet the second job is answered.
        await #expect(throws: CancellationError.self) { try await second.value }
        gate.open()
        _ = try await first.value
    }

    @Test func aRunningJobLearnsThatItIsCancelled() async throws {
        let lanes = ComputeLanes(count: 1)
        let started = Gate()
        let task = Task {
            try await lanes.run { isCancelled in
                started.open()
                while !isCancelled() {}
                throw CancellationError()
            }
        }
        await started.opened()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aTaskThatIsAlreadyCancelledStartsNothing() async {
        let lanes = ComputeLanes(count: 1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await lanes.run { _ in Issue.record("a cancelled job must not run") }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

@Suite struct ByteBudgetTests {
    @Test func takesUpToItsLimitAndNoMore() {
        let budget = ByteBudget(limit: 100)
        #expect(budget.tryAcquire(60))
        #expect(!budget.tryAcquire(50))
        #expect(budget.tryAcquire(40))
        budget.release(60)
        #expect(budget.held == 40)
        #expect(budget.tryAcquire(60))
    }

    @Test func oneItemLargerThanTheLimitPassesAlone() {
        let budget = ByteBudget(limit: 10)
        #expect(budget.tryAcquire(1000))
        #expect(!budget.tryAcquire(1))
        budget.release(1000)
        #expect(budget.tryAcquire(1))
    }

    @Test func waitersAreServedInOrderAndNobodyOvertakes() async throws {
        let budget = ByteBudget(limit: 100)
        try await budget.acquire(100)
        let big = Task { try await budget.acquire(90) }
        while budget.waiting < 1 { await Task.yield() }
        let small = Task { try await budget.acquire(5) }
        while budget.waiting < 2 { await Task.yield() }
        #expect(!budget.tryAcquire(1))
        budget.release(100)
        try await big.value
        try await small.value
        #expect(budget.held == 95)
    }

    @Test func aCancelledWaiterHoldsNothingAndLetsOthersPass() async throws {
        let budget = ByteBudget(limit: 100)
        try await budget.acquire(50)
        let big = Task { try await budget.acquire(100) }
        while budget.waiting < 1 { await Task.yield() }
        let small = Task { try await budget.acquire(50) }
        while budget.waiting < 2 { await Task.yield() }
        big.cancel()
        await #expect(throws: CancellationError.self) { try await big.value }
        try await small.value
        #expect(budget.held == 100)
    }
}
